//! The table of everything that answers, and what one must be allowed to do for it. What is not in the table is for nobody.

use axum::http::Method;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Required, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use std::sync::Arc;

use super::app::App;
use super::check::handler;
use super::{
    admissions, decisions, erasure, events, followed, health, jobs, metrics, observations, oidc, overview, policies,
    records, session, sources, tokens, trace, uploads, users, witness,
};
use crate::access::role::Action;

/// Method, path, and what one must be allowed to do.
#[rustfmt::skip]
pub const ROUTES: &[(&str, &str, Action)] = &[
    ("GET",     "/healthz",                             Action::Public),
    ("GET",     "/readyz",                              Action::Public),
    ("GET",     "/metrics",                             Action::Read),
    ("GET",     "/log/{*resource}",                     Action::Public),
    ("GET",     "/api/v1/log",                          Action::Public),
    ("GET",     "/api/v1/logs",                         Action::Read),
    ("POST",    "/add-checkpoint",                      Action::Public),
    ("GET",     "/check",                               Action::Public),
    ("POST",    "/check",                               Action::Public),
    ("GET",     "/check.css",                           Action::Public),
    ("GET",     "/api/v1/session",                      Action::Public),
    ("POST",    "/api/v1/session",                      Action::Public),
    ("DELETE",  "/api/v1/session",                      Action::Own),
    ("POST",    "/api/v1/session/first",                Action::Public),
    ("PUT",     "/api/v1/session/password",             Action::Own),
    ("PUT",     "/api/v1/session/language",             Action::Own),
    ("GET",     "/api/v1/session/oidc",                 Action::Public),
    ("GET",     "/api/v1/session/oidc/return",          Action::Public),
    ("GET",     "/api/v1/users",                        Action::Administer),
    ("POST",    "/api/v1/users",                        Action::Administer),
    ("PATCH",   "/api/v1/users/{id}",                   Action::Administer),
    ("GET",     "/api/v1/tokens",                       Action::Own),
    ("POST",    "/api/v1/tokens",                       Action::Own),
    ("DELETE",  "/api/v1/tokens/{id}",                  Action::Own),
    ("POST",    "/api/v1/observations",                 Action::Observe),
    ("POST",    "/api/v1/heartbeats",                   Action::Observe),
    ("GET",     "/api/v1/sources",                      Action::Read),
    ("OPTIONS", "/api/v1/uploads",                      Action::Public),
    ("POST",    "/api/v1/uploads",                      Action::Observe),
    ("GET",     "/api/v1/uploads/{id}",                 Action::Observe),
    ("HEAD",    "/api/v1/uploads/{id}",                 Action::Observe),
    ("PATCH",   "/api/v1/uploads/{id}",                 Action::Observe),
    ("DELETE",  "/api/v1/uploads/{id}",                 Action::Observe),
    ("GET",     "/api/v1/jobs",                         Action::Read),
    ("GET",     "/api/v1/jobs/{id}",                    Action::Read),
    ("POST",    "/api/v1/jobs/{id}/cancel",             Action::Observe),
    ("GET",     "/api/v1/decisions",                    Action::Read),
    ("GET",     "/api/v1/decisions/{id}",               Action::Read),
    ("GET",     "/api/v1/decisions/{id}/content",       Action::Read),
    ("POST",    "/api/v1/decisions/{id}/judgements",    Action::Judge),
    ("POST",    "/api/v1/decisions/{id}/erasure",       Action::Erase),
    ("GET",     "/api/v1/findings",                     Action::Read),
    ("GET",     "/api/v1/admissions",                   Action::Read),
    ("POST",    "/api/v1/admissions",                   Action::Overrule),
    ("GET",     "/api/v1/admissions/{sha256}",          Action::Read),
    ("GET",     "/api/v1/admissions/{sha256}/bom",      Action::Read),
    ("GET",     "/api/v1/records",                      Action::Read),
    ("GET",     "/api/v1/records/{id}",                 Action::Read),
    ("GET",     "/api/v1/records/{id}/proof",           Action::Read),
    ("GET",     "/api/v1/trace/{id}",                   Action::Read),
    ("GET",     "/api/v1/policies",                     Action::Read),
    ("POST",    "/api/v1/policies",                     Action::ChangePolicy),
    ("GET",     "/api/v1/policies/active",              Action::Read),
    ("POST",    "/api/v1/policies/test",                Action::ChangePolicy),
    ("GET",     "/api/v1/overview",                     Action::Read),
    ("GET",     "/api/v1/rules",                        Action::Read),
    ("GET",     "/api/v1/codes",                        Action::Read),
    ("GET",     "/api/v1/settings",                     Action::Read),
    ("GET",     "/api/v1/events",                       Action::Read),
];

/// What one must be allowed to do for a route; `None` for what is not in the table. HEAD is GET without a body.
#[must_use]
pub fn action_of(method: &Method, path: &str) -> Option<Action> {
    let find = |method: &str| ROUTES.iter().find(|(m, p, _)| *m == method && *p == path).map(|(_, _, action)| *action);
    find(method.as_str()).or_else(|| if method == Method::HEAD { find("GET") } else { None })
}

/// A path that has only other methods answers so to everybody (405, with `Allow`): that tells nothing.
#[must_use]
pub fn other_method(path: &str) -> Option<Action> {
    ROUTES.iter().any(|(_, known, _)| *known == path).then_some(Action::Public)
}

/// The handlers, and the description of all of them.
pub fn routes() -> (axum::Router<Arc<App>>, OpenApi) {
    OpenApiRouter::with_openapi(description())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(records::log_resource))
        .routes(routes!(records::log_head))
        .routes(routes!(followed::list))
        .routes(routes!(witness::add_checkpoint))
        .routes(routes!(session::get, session::sign_in, session::sign_out))
        .routes(routes!(session::first))
        .routes(routes!(session::password))
        .routes(routes!(session::language))
        .routes(routes!(oidc::begin))
        .routes(routes!(oidc::finish))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::change))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(handler::form, handler::judge))
        .routes(routes!(handler::style))
        .routes(routes!(observations::observe))
        .routes(routes!(sources::beat))
        .routes(routes!(sources::list))
        .routes(routes!(uploads::options, uploads::create))
        .routes(routes!(uploads::one, uploads::head, uploads::patch, uploads::terminate))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::one))
        .routes(routes!(jobs::cancel))
        .routes(routes!(decisions::list))
        .routes(routes!(decisions::one))
        .routes(routes!(decisions::content))
        .routes(routes!(decisions::judge))
        .routes(routes!(erasure::erase))
        .routes(routes!(decisions::findings))
        .routes(routes!(admissions::list, admissions::judge))
        .routes(routes!(admissions::one))
        .routes(routes!(admissions::bom))
        .routes(routes!(records::list))
        .routes(routes!(records::one))
        .routes(routes!(records::proof))
        .routes(routes!(trace::around))
        .routes(routes!(policies::list, policies::activate))
        .routes(routes!(policies::active))
        .routes(routes!(policies::test))
        .routes(routes!(overview::overview))
        .routes(routes!(overview::rules))
        .routes(routes!(overview::codes))
        .routes(routes!(overview::settings))
        .routes(routes!(events::events))
        .split_for_parts()
}

/// The description of everything that answers.
#[must_use]
pub fn described() -> OpenApi {
    let (_, mut api) = routes();
    // A parameter that takes the rest of a path has another name in the router.
    if let Some(item) = api.paths.paths.shift_remove("/log/{*resource}") {
        api.paths.paths.insert("/log/{resource}".to_owned(), item);
    }
    // Bytes as they are may be none at all.
    let posts_and_patches =
        api.paths.paths.values_mut().flat_map(|item| [item.post.as_mut(), item.patch.as_mut()]).flatten();
    for body in posts_and_patches.filter_map(|operation| operation.request_body.as_mut()) {
        if body.content.keys().all(|kind| kind == "application/octet-stream") {
            body.required = Some(Required::False);
        }
    }
    // Handlers of different things share their names; an operation's id is unique (OpenAPI 3.1, section 4.8.10).
    for (path, item) in &mut api.paths.paths {
        let resource = path.trim_start_matches("/api/v1").split('/').find(|step| !step.is_empty()).unwrap_or_default();
        let resource = resource.replace('.', "_");
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.options,
            &mut item.head,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            operation.operation_id = operation.operation_id.take().map(|id| format!("{resource}_{id}"));
        }
    }
    api
}

/// The OpenAPI document, as `docs/openapi.json` holds it.
#[must_use]
pub fn document() -> String {
    described().to_pretty_json().map_or_else(|error| error.to_string(), |json| json + "\n")
}

fn description() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Sakimori")
        .version("1")
        .description(Some(
            "What comes in is examined, decided and recorded; every decision can be read, explained and proven. \
             Errors are problem documents (RFC 9457) with stable codes. Lists are paged by keyset: `next` of one page is `after` \
             of the next. Writes take an Idempotency-Key.",
        ))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API token: skm_…")).build();
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description("__Host-sakimori", "The session of a person"));
    let mut components = utoipa::openapi::Components::new();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    let either = ["token", "session"].map(|name| SecurityRequirement::new(name, Vec::<String>::new()));
    OpenApiBuilder::new().info(info).components(Some(components)).security(Some(either)).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Method and path of everything in the description.
    fn in_document() -> Vec<(String, String)> {
        let document: serde_json::Value = serde_json::from_str(&document()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths").iter();
        paths
            .flat_map(|(path, item)| {
                item.as_object()
                    .expect("an item")
                    .keys()
                    .map(|method| (method.to_uppercase(), path.replace("{resource}", "{*resource}")))
            })
            .collect()
    }

    #[test]
    fn every_route_is_in_the_table_and_described_and_nothing_else_is() {
        let mut described = in_document();
        let mut table: Vec<(String, String)> =
            ROUTES.iter().map(|(m, p, _)| ((*m).to_owned(), (*p).to_owned())).collect();
        described.sort();
        table.sort();
        assert_eq!(described, table);
    }

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let document: serde_json::Value = serde_json::from_str(&document()).expect("JSON");
        let items = document["paths"].as_object().expect("paths").values();
        let operations = items.flat_map(|item| item.as_object().expect("an item").values());
        let ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().expect("an id")).collect();
        let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len());
    }

    #[test]
    fn what_is_not_in_the_table_is_for_nobody() {
        assert_eq!(action_of(&Method::PUT, "/api/v1/decisions"), None);
        assert_eq!(action_of(&Method::GET, "/api/v1/nothing"), None);
        assert_eq!(action_of(&Method::HEAD, "/api/v1/decisions"), Some(Action::Read));
    }
}
