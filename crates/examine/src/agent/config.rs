//! Settings of agents: the servers that they start, the rights that they have, the hooks that they run; and what
//! registries say of a server.

use std::collections::BTreeMap;

use sakimori_model::FactName;

use super::doc::Doc;
use super::judge::Judge;
use super::texts::{self, Audience};
use super::{codes, command, kinds, links, tools};

/// Maps of servers by name, in the settings of the agents that are known.
const SERVER_MAPS: &[&str] = &["mcpServers", "mcp_servers", "context_servers", "servers", "mcp"];
/// Lists of tools that run without a question.
const APPROVED: &[&str] =
    &["autoApprove", "alwaysAllow", "auto_approve", "always_allow", "autoApproved", "allowedTools"];

/// Judges the settings of an agent.
pub fn judge(judge: &mut Judge<'_, '_>, doc: &Doc) {
    servers(judge, doc);
    permissions(judge, doc);
    if let Some(hooks) = doc.get("hooks") {
        walk(hooks, "hooks", &mut |path, key, value| {
            if let (true, Some(line)) = (key == "command", value.text()) {
                judge.found(&codes::HOOK, path, line);
                line_of_shell(judge, path, line);
            }
        });
    }
    if let Some(env) = doc.get("env") {
        environment(judge, "env", env);
    }
    for key in ["apiKeyHelper", "awsAuthRefresh", "statusLine", "otelHeadersHelper"] {
        let helper = doc.get(key).map(|h| h.get("command").unwrap_or(h));
        if let Some(line) = helper.and_then(Doc::text) {
            judge.found(&codes::HOOK, key, line);
            line_of_shell(judge, key, line);
        }
    }
    for key in kinds::SETTINGS.iter().filter(|key| doc.get(key) == Some(&Doc::Truth(true))) {
        judge.found(&codes::NO_QUESTIONS, key, key);
    }
}

/// Judges the servers in a document: wherever one stands below a key for servers, in a map by name or in a list.
fn servers(judge: &mut Judge<'_, '_>, doc: &Doc) {
    for (key, all) in doc.entries().iter().filter(|(key, _)| SERVER_MAPS.contains(&key.as_str())) {
        names(judge, key, all);
        walk(all, key, &mut |path, key, part| {
            if SERVER_MAPS.contains(&key) {
                names(judge, path, part);
            }
            if kinds::is_server(part) {
                let name = if key.is_empty() { part.text_of("name").unwrap_or_default() } else { key };
                judge.report.fact(FactName::Tool, name);
                server(judge, path, name, part);
            }
        });
    }
}

/// Names that stand twice, or that can be taken for one another.
fn names(judge: &mut Judge<'_, '_>, path: &str, map: &Doc) {
    let names: Vec<&str> = map.entries().iter().map(|(name, _)| name.as_str()).collect();
    tools::alike(judge, path, &names);
}

/// Judges one server.
pub fn server(judge: &mut Judge<'_, '_>, path: &str, name: &str, server: &Doc) {
    texts::judge(judge, path, name, Audience::Description);
    let program = server.get("command").or_else(|| server.get("cmd"));
    let program = program.map(|p| p.get("path").unwrap_or(p));
    let mut words: Vec<&str> = program.map(Doc::words).unwrap_or_default();
    // A program's path may hold spaces; where there are arguments, the command is one word.
    if let (Some(Doc::Text(one)), Some(_)) = (program, server.get("args")) {
        words = vec![one.as_str()];
    }
    let args = server.get("args").or_else(|| program.and(server.get("arguments")));
    words.extend(args.map(Doc::words).unwrap_or_default());
    if !words.is_empty() {
        command::judge(judge, path, &words);
    }
    for key in ["url", "serverUrl", "httpUrl"] {
        if let Some(url) = server.text_of(key) {
            links::judge(judge, &join(path, key), url);
        }
    }
    for key in ["env", "headers", "environment", "http_headers"] {
        if let Some(env) = server.get(key) {
            environment(judge, &join(path, key), env);
        }
    }
    for key in APPROVED {
        for tool in server.get(key).map(Doc::words).unwrap_or_default() {
            if tool == "*" || tools::acts(tool) {
                judge.found(&codes::APPROVED, &join(path, key), tool);
            }
        }
    }
    if server.get("trust") == Some(&Doc::Truth(true)) {
        judge.found(&codes::NO_QUESTIONS, &join(path, "trust"), "trust");
    }
    if let Some(text) = server.text_of("description") {
        texts::judge(judge, &join(path, "description"), text, Audience::Description);
    }
}

/// Variables that change what programs load, where a model's provider is, or whether certificates are checked.
const STEERING: &[&str] = &[
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "NODE_OPTIONS",
    "PYTHONSTARTUP",
    "PYTHONPATH",
    "BASH_ENV",
    "PERL5OPT",
    "RUBYOPT",
    "JAVA_TOOL_OPTIONS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "GIT_SSH_COMMAND",
    "ANTHROPIC_BASE_URL",
    "OPENAI_BASE_URL",
    "OPENAI_API_BASE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "npm_config_registry",
    "PIP_INDEX_URL",
    "UV_INDEX_URL",
];
/// Hosts of the providers themselves.
const PROVIDERS: &[&str] = &["https://api.anthropic.com", "https://api.openai.com"];

fn environment(judge: &mut Judge<'_, '_>, path: &str, env: &Doc) {
    for (key, value) in env.entries() {
        let Some(value) = value.text() else { continue };
        let path = join(path, key);
        if links::is_secret(key, value) {
            judge.found(&codes::LITERAL_SECRET, &path, key);
        }
        let away = !PROVIDERS.iter().any(|p| value == *p || value.starts_with(&format!("{p}/")));
        if STEERING.iter().any(|name| name.eq_ignore_ascii_case(key)) && !value.is_empty() && away {
            judge.found(&codes::STEERING_VARIABLE, &path, &format!("{key}={value}"));
        }
        links::judge(judge, &path, value);
    }
    for variable in env.items().iter().filter_map(Doc::text).filter(|v| *v == "*") {
        judge.found(&codes::STEERING_VARIABLE, path, variable);
    }
}

/// Rights that the settings give without a question.
fn permissions(judge: &mut Judge<'_, '_>, doc: &Doc) {
    let Some(permissions) = doc.get("permissions") else { return };
    for rule in permissions.get("allow").map(Doc::items).unwrap_or_default().iter().filter_map(Doc::text) {
        if let Some(code) = right(rule) {
            judge.found(code, "permissions.allow", rule);
        }
    }
    if let Some(mode @ ("bypassPermissions" | "dontAsk")) = permissions.text_of("defaultMode") {
        judge.found(&codes::NO_QUESTIONS, "permissions.defaultMode", mode);
    }
}

/// What a right to use a tool means: any command, or a shell without bounds.
pub fn right(rule: &str) -> Option<&'static sakimori_model::Code> {
    let rule = rule.trim();
    let (tool, inner) = rule.split_once('(').map_or((rule, None), |(tool, inner)| (tool.trim(), Some(inner)));
    let shell = ["bash", "shell", "terminal", "execute", "run_command", "powershell", "computer"]
        .iter()
        .any(|name| tool.eq_ignore_ascii_case(name));
    match inner.map(|inner| inner.trim_end_matches(')').trim()) {
        _ if matches!(rule, "*" | "**" | "all" | "*(*)" | "mcp__*") => Some(&codes::ANY_TOOL),
        Some("*" | "**" | ":*" | "*:*" | "") if shell => Some(&codes::ANY_TOOL),
        Some(inner) if shell => {
            let program = inner.split([' ', ':', '*']).next().unwrap_or_default();
            let wide =
                ["sudo", "sh", "bash", "zsh", "eval", "curl", "wget", "rm", "python", "python3", "node", "ssh", "nc"];
            (wide.contains(&program) && inner.trim_end_matches(['*', ':', ' ']) == program && inner.ends_with('*'))
                .then_some(&codes::SHELL_TOOL)
        }
        Some(inner) if ["Read", "Edit", "Write"].contains(&tool) => {
            let wide = matches!(inner, "//**" | "/**" | "~/**" | "//*" | "**/.ssh/**")
                || inner.contains(".ssh")
                || inner.contains(".env");
            wide.then_some(&codes::ANY_TOOL)
        }
        None if shell => Some(&codes::SHELL_TOOL),
        _ => None,
    }
}

/// Judges what a registry, or an extension's bundle, says of a server.
pub fn manifest(judge: &mut Judge<'_, '_>, doc: &Doc) {
    about(judge, doc);
    for (number, package) in doc.get("packages").map(Doc::items).unwrap_or_default().iter().enumerate() {
        let path = format!("packages[{number}]");
        let kind = ["registryType", "registry_type", "registry_name"].iter().find_map(|k| package.text_of(k));
        let name = package.text_of("identifier").or_else(|| package.text_of("name")).unwrap_or_default();
        let version = package.text_of("version").unwrap_or_default();
        match kind {
            Some("oci" | "docker") => {
                let known = name.contains('@') || name.contains(':') || version.is_empty();
                command::image(judge, &path, &if known { name.to_owned() } else { format!("{name}:{version}") });
            }
            Some("mcpb") if !package.has_any(&["fileSha256", "file_sha256"]) => {
                judge.found(&codes::NO_COMMIT, &path, name)
            }
            Some("mcpb") => {}
            _ if !command::is_exact(version) => judge.found(&codes::UNPINNED, &path, name),
            _ => {}
        }
        judge.report.fact(
            FactName::Dependency,
            if version.is_empty() { name.to_owned() } else { format!("{name}=={version}") },
        );
    }
    walk(doc, "", &mut |path, key, value| match (key, value) {
        ("url" | "registryBaseUrl" | "identifier", Doc::Text(url)) => links::judge(judge, path, url),
        ("description", Doc::Text(text)) => texts::judge(judge, path, text, Audience::Description),
        ("mcp_config", config) => server(judge, path, "server", config),
        ("runtimeArguments" | "runtime_arguments", Doc::List(args)) => {
            let words: Vec<&str> =
                args.iter().flat_map(|a| [a.text_of("name"), a.text_of("value")]).flatten().collect();
            command::judge(judge, path, &[&["docker", "run"], words.as_slice()].concat());
        }
        ("environmentVariables" | "environment_variables" | "headers", Doc::List(variables)) => {
            for variable in variables {
                let (name, value) =
                    (variable.text_of("name"), variable.text_of("value").or_else(|| variable.text_of("default")));
                if let (Some(name), Some(value)) = (name, value)
                    && links::is_secret(name, value)
                {
                    judge.found(&codes::LITERAL_SECRET, path, name);
                }
            }
        }
        _ => {}
    });
}

/// Notes what a package says of itself.
pub fn about(judge: &mut Judge<'_, '_>, doc: &Doc) {
    let named = |doc: &Doc| doc.text().or_else(|| doc.text_of("name")).map(str::to_owned);
    for (key, fact) in [
        ("name", FactName::Name),
        ("name_for_human", FactName::Name),
        ("version", FactName::Version),
        ("description", FactName::Description),
        ("description_for_human", FactName::Description),
        ("license", FactName::Licence),
        ("author", FactName::Author),
        ("provider", FactName::Author),
        ("homepage", FactName::Link),
        ("websiteUrl", FactName::Link),
    ] {
        let value =
            doc.get(key).and_then(|value| named(value).or_else(|| value.text_of("organization").map(str::to_owned)));
        if let Some(value) = value {
            judge.report.fact(fact, value);
        }
    }
}

fn line_of_shell(judge: &mut Judge<'_, '_>, path: &str, line: &str) {
    command::judge_script(judge, path, line);
    links::judge(judge, path, line);
}

/// Walks over all parts below, with their path and key.
pub fn walk(doc: &Doc, path: &str, each: &mut dyn FnMut(&str, &str, &Doc)) {
    for (key, value) in doc.entries() {
        let path = join(path, key);
        each(&path, key, value);
        walk(value, &path, each);
    }
    for (number, value) in doc.items().iter().enumerate() {
        let path = format!("{path}[{number}]");
        each(&path, "", value);
        walk(value, &path, each);
    }
}

/// Reports keys that stand twice in an object: readers differ in which one counts.
pub fn doubled(judge: &mut Judge<'_, '_>, doc: &Doc) {
    let mut check = |path: &str, doc: &Doc| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        doc.entries().iter().for_each(|(key, _)| *counts.entry(key).or_default() += 1);
        for (key, _) in counts.iter().filter(|(_, count)| **count > 1) {
            judge.found(&codes::DOUBLED, path, key);
        }
    };
    check("", doc);
    walk(doc, "", &mut |path, _, value| check(path, value));
}

/// A path one step longer.
pub fn join(path: &str, key: &str) -> String {
    let key: String = key.chars().take(64).collect();
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
