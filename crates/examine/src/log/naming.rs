//! The short names that rules use for fields which shippers write under longer ones.
//!
//! Sources: the field names of the Sigma taxonomy, the Windows event schema as `evtx_dump` renders it, Winlogbeat's
//! and ECS's published fields, NXLog's flattened events, Google's audit log entries.

use std::borrow::Cow;

/// The short name of a field's full dotted name, both in lower case. `None` where the full name is the one in use.
#[must_use]
pub fn short_name(path: &str) -> Option<Cow<'_, str>> {
    if let Some((_, short)) = RENAMED.iter().find(|(full, _)| *full == path) {
        return Some(Cow::Borrowed(short));
    }
    let inner = path.strip_prefix("event.").unwrap_or(path);
    if let Some(rest) = inner.strip_prefix("eventdata.") {
        return Some(Cow::Borrowed(without_text(rest)));
    }
    if let Some(rest) = inner.strip_prefix("userdata.") {
        return rest.split_once('.').map(|(_, field)| Cow::Borrowed(without_text(field)));
    }
    if let Some(rest) = inner.strip_prefix("system.") {
        return Some(header_name(rest));
    }
    for prefix in ["winlog.event_data.", "event_data."] {
        if let Some(rest) = path.strip_prefix(prefix) {
            return Some(Cow::Borrowed(rest));
        }
    }
    for prefix in ["winlog.user_data.", "user_data."] {
        if let Some(rest) = path.strip_prefix(prefix) {
            return Some(Cow::Borrowed(rest));
        }
    }
    // Amazon EventBridge puts CloudTrail's events into an envelope.
    if let Some(rest) = path.strip_prefix("detail.") {
        return Some(Cow::Borrowed(rest));
    }
    path.starts_with("protopayload.").then(|| Cow::Owned(format!("data.{path}")))
}

/// Whether a value under this path names the next one, as `<Data Name="…">` does in converters from XML.
#[must_use]
pub fn is_name_of_next(path: &str) -> bool {
    matches!(path.strip_prefix("event.").unwrap_or(path), "eventdata.data.@name" | "eventdata.data.#attributes.name")
}

/// Whether a value under this path has the name that was given before it.
#[must_use]
pub fn is_named_value(path: &str) -> bool {
    path.strip_prefix("event.").unwrap_or(path) == "eventdata.data.#text"
}

/// The name of a part of a Windows event's header: `<Provider Name="…">` is `Provider_Name`, as the rules have it.
fn header_name(path: &str) -> Cow<'_, str> {
    for (separator, before) in [(".#attributes.", ""), ("_attributes.", ""), (".@", "")] {
        if let Some((element, attribute)) = path.split_once(separator) {
            return Cow::Owned(format!("{before}{element}_{attribute}"));
        }
    }
    Cow::Borrowed(without_text(path))
}

fn without_text(path: &str) -> &str {
    path.strip_suffix(".#text").unwrap_or(path)
}

/// Full names with a short name that does not follow from them.
const RENAMED: &[(&str, &str)] = &[
    // Winlogbeat
    ("winlog.channel", "channel"),
    ("winlog.event_id", "eventid"),
    ("winlog.provider_name", "provider_name"),
    ("winlog.computer_name", "computer"),
    ("winlog.record_id", "eventrecordid"),
    // Winlogbeat before ECS
    ("log_name", "channel"),
    ("event_id", "eventid"),
    ("computer_name", "computer"),
    ("record_number", "eventrecordid"),
    // NXLog
    ("sourcename", "provider_name"),
    ("source_name", "provider_name"),
    ("hostname", "computer"),
    ("recordnumber", "eventrecordid"),
    // ECS, processes, files, network and DNS of any system
    ("process.executable", "image"),
    ("process.command_line", "commandline"),
    ("process.working_directory", "currentdirectory"),
    ("process.parent.executable", "parentimage"),
    ("process.parent.command_line", "parentcommandline"),
    ("process.pe.original_file_name", "originalfilename"),
    ("user.name", "user"),
    ("file.path", "targetfilename"),
    ("destination.ip", "destinationip"),
    ("destination.port", "destinationport"),
    ("destination.domain", "destinationhostname"),
    ("dns.question.name", "queryname"),
    // Google Cloud
    ("protopayload.methodname", "gcp.audit.method_name"),
    // Kubernetes
    ("objectref.apigroup", "apigroup"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_events_have_their_short_names() {
        let short = |path| short_name(path).map(Cow::into_owned);
        assert_eq!(short("event.system.eventid").as_deref(), Some("eventid"));
        assert_eq!(short("event.system.eventid.#text").as_deref(), Some("eventid"));
        assert_eq!(short("event.system.provider.#attributes.name").as_deref(), Some("provider_name"));
        assert_eq!(short("event.eventdata.image").as_deref(), Some("image"));
        assert_eq!(short("event.eventdata.data.#text").as_deref(), Some("data"));
        assert_eq!(short("event.userdata.logfilecleared.subjectusername").as_deref(), Some("subjectusername"));
        assert_eq!(short("winlog.event_data.image").as_deref(), Some("image"));
        assert_eq!(short("eventname"), None);
    }
}
