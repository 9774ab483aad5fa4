//! The language of a request, and the words of its problems.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use sakimori_model::Lang;

use super::app::App;
use super::problem::{Problem, Trouble};

/// The cookie in which somebody without an account chose a language.
pub const COOKIE: &str = "sakimori-lang";

/// The language of a request: `?lang=`, then what the account says, then the cookie, then the browser, then Japanese. What
/// a person chose always wins over what the browser says.
#[must_use]
pub fn of(uri: &Uri, headers: &HeaderMap, account: Option<Lang>) -> Lang {
    asked(uri).or(account).or_else(|| in_cookie(headers)).or_else(|| of_browser(headers)).unwrap_or_default()
}

/// What the address asks for.
#[must_use]
pub fn asked(uri: &Uri) -> Option<Lang> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix("lang="))?.parse().ok()
}

fn in_cookie(headers: &HeaderMap) -> Option<Lang> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE)?.1.parse().ok()
}

/// The first language of `Accept-Language` that we speak, by weight (RFC 9110, section 12.5.4).
fn of_browser(headers: &HeaderMap) -> Option<Lang> {
    let text = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let weighted = text.split(',').take(32).filter_map(|range| {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let lang: Lang = tag.trim().split('-').next()?.to_ascii_lowercase().parse().ok()?;
        let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
        (weight > 0.0).then_some((weight, lang))
    });
    // The first of equals wins.
    weighted.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, lang)| lang)
}

/// The language that the account of this request's caller chose; put there by whoever found out who calls.
#[derive(Clone, Copy)]
pub struct Chosen(pub Option<Lang>);

/// Put on an error answer that a protocol of others words: it is left as it is.
#[derive(Clone, Copy)]
pub struct AsItIs;

/// Puts the words of problems into the caller's language, and gives every other error answer the form of a problem.
pub async fn words(State(_): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let response = next.run(request).await;
    let chosen = response.extensions().get::<Chosen>().and_then(|chosen| chosen.0);
    let lang = of(&uri, &headers, chosen);
    if let Some(problem) = response.extensions().get::<Problem>() {
        return carry(problem.answer(lang), &response);
    }
    // Problems, and pages for people that say themselves what is wrong.
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_worded = response.extensions().get::<AsItIs>().is_some();
    let is_ours = is_worded || kind == super::problem::MEDIA_TYPE || kind.starts_with("text/html");
    if is_ours || !(response.status().is_client_error() || response.status().is_server_error()) {
        return response;
    }
    // What the parts underneath answer by themselves: bodies that are too large, methods that there are not.
    let known = Trouble::ALL.iter().find(|trouble| trouble.status() == response.status());
    let other = if response.status().is_client_error() { Trouble::Malformed } else { Trouble::Defect };
    carry(Problem::of(known.copied().unwrap_or(other)).answer(lang), &response)
}

/// Keeps what the first answer said beside its body.
fn carry(mut answer: Response, first: &Response) -> Response {
    for name in [header::ALLOW, header::SET_COOKIE, header::ETAG] {
        if let Some(value) = first.headers().get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    for (name, value) in first.headers() {
        if name.as_str().starts_with("tus-") || name.as_str().starts_with("upload-") {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_chose_wins_over_the_browser() {
        let uri = |text: &str| text.parse::<Uri>().expect("a URI");
        let mut headers = HeaderMap::new();
        assert_eq!(of(&uri("/"), &headers, None), Lang::Ja);
        headers.insert(header::ACCEPT_LANGUAGE, "fr, en-GB;q=0.8, ja;q=0.5".parse().expect("a header"));
        assert_eq!(of(&uri("/"), &headers, None), Lang::En);
        headers.insert(header::COOKIE, "a=b; sakimori-lang=ja".parse().expect("a header"));
        assert_eq!(of(&uri("/"), &headers, None), Lang::Ja);
        assert_eq!(of(&uri("/"), &headers, Some(Lang::En)), Lang::En);
        assert_eq!(of(&uri("/?lang=ja"), &headers, Some(Lang::En)), Lang::Ja);
    }
}
