//! STIX 2.1 objects.
