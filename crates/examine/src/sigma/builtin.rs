const BUILTIN_FILES: &[(&str, &str)] = &[];
