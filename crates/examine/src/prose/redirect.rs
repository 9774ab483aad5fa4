//! Links that lead on to another host.

use url::Url;

use super::domain::same_organisation;

/// True when a parameter of a host that is known as a springboard, or of an undisguised redirector, names another host.
pub fn redirects(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.query_pairs().take(32).any(|(key, value)| {
        let key = key.to_ascii_lowercase();
        let named = matches!(
            key.as_str(),
            "url"
                | "u"
                | "q"
                | "redirect"
                | "redirect_uri"
                | "redir"
                | "dest"
                | "destination"
                | "target"
                | "goto"
                | "next"
                | "continue"
                | "return"
                | "returnurl"
                | "adurl"
                | "link"
                | "to"
        );
        named
            && (value.starts_with("http://") || value.starts_with("https://") || value.starts_with("//"))
            && Url::parse(&value)
                .ok()
                .and_then(|u| u.host_str().map(str::to_owned))
                .is_some_and(|h| !same_organisation(&h, host))
    })
}
