//! The console: files that are built into the program and served as they are.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::RustEmbed;

use super::problem::{Problem, Trouble};

/// What Vite built. The folder may be missing while the console was not built: then a page says so.
#[derive(RustEmbed)]
#[folder = "../../console/dist"]
#[allow_missing = true]
struct Files;

/// Files with a digest in their name never change.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// All others are asked for again each time.
const EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// What has no route of its own: a file of the console, or one of its pages, which are all one document.
pub async fn fallback(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let is_api = path == "api" || ["api/", "log/", "gateway/", "taxii2/"].iter().any(|start| path.starts_with(start));
    if is_api {
        return Problem::of(Trouble::NotFound).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Problem::of(Trouble::Method).into_response();
    }
    let has_extension = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match Files::get(path) {
        Some(_) if path == "index.html" => page(&headers),
        Some(file) => answer(path, &file, &headers),
        None if has_extension => Problem::of(Trouble::NotFound).into_response(),
        None => page(&headers),
    }
}

fn page(headers: &HeaderMap) -> Response {
    match Files::get("index.html") {
        Some(file) => answer("index.html", &file, headers),
        None => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            let text = "<!doctype html><html lang=\"ja\"><title>Sakimori</title>\
                        <p>コンソールはこのプログラムに含まれていません。make build で組み立て直してください。\
                        <p lang=\"en\">This program was built without its console. Build it with make build.";
            (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, kind)], text).into_response()
        }
    }
}

fn answer(path: &str, file: &rust_embed::EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let cache = if path.starts_with("assets/") { FOREVER } else { EACH_TIME };
    let etag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
    let both = [(header::CACHE_CONTROL, cache), (header::ETAG, etag)];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, both).into_response();
    }
    let kind = HeaderValue::from_str(file.metadata.mimetype());
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    (both, [(header::CONTENT_TYPE, kind)], file.data.clone().into_owned()).into_response()
}
