//! The kinds of this family, and how they are told from others by what stands in them.

use std::io;

use sakimori_model::Kind;

use super::doc::Doc;
use super::{SOURCE_BYTES_MAX, markdown, python, requirements, script};
use crate::artefact::decoded;
use crate::recognise::kinds;
use crate::source::{Source, read_up_to};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        $($(#[$doc])* pub const $name: Kind = Kind::new($word);)*

        /// All kinds of this family.
        pub const ALL: &[Kind] = &[$($name),*];
    };
}

names! {
    /// Settings of an agent: MCP servers that it starts, rights that it has.
    MCP_CONFIG = "mcp-config";
    /// What a registry says of an MCP server, or the manifest in an extension's bundle.
    MCP_MANIFEST = "mcp-manifest";
    /// Definitions of tools, prompts or resources, as a server or a program gives them to a model.
    TOOLS = "tool-definitions";
    /// A card by which an agent presents itself to others (A2A).
    AGENT_CARD = "agent-card";
    /// The manifest of a plug-in with `description_for_model`.
    PLUGIN = "plugin-manifest";
    /// An agent, chain or prompt as a framework writes it.
    AGENT_CONFIG = "agent-config";
    /// A skill: Markdown with front matter that tells an agent when to use it.
    AGENT_SKILL = "agent-skill";
    /// Standing instructions to an agent.
    AGENT_RULES = "agent-rules";
    /// A Jupyter notebook.
    NOTEBOOK = "notebook";
    /// Requirements or constraints of pip.
    REQUIREMENTS = "requirements";
    /// The settings of a Python project.
    PROJECT = "python-project";
    /// An environment of conda.
    ENVIRONMENT = "conda-environment";
    /// The manifest of an npm package.
    NPM_PACKAGE = "npm-package";
    /// A program in Python.
    PYTHON = "python-source";
    /// A program for a shell.
    SHELL = "shell-source";
    /// A program in JavaScript or TypeScript.
    JAVASCRIPT = "javascript-source";
    /// A program in another language, by its name: nobody judges it here.
    SOURCE = "program-source";
}

/// The kind of a member that was recognised as `kind`, by its name where that is what counts: agents and interpreters take
/// texts by their names, whatever stands in them. Of what is no text, the name counts for nothing.
#[must_use]
pub fn by_name(kind: Kind, path: Option<&str>, source: &dyn Source) -> Kind {
    let Some(path) = path else { return kind };
    let path = path.to_ascii_lowercase();
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    // A manual that shows programs is no program.
    if [PYTHON, SHELL, JAVASCRIPT].contains(&kind) && is_manual(name, source) {
        return rules_by_name(&path, name).unwrap_or(kinds::TEXT);
    }
    if ![kinds::TEXT, kinds::YAML, kinds::SCRIPT, kinds::JINJA].contains(&kind) || source.size() > SOURCE_BYTES_MAX {
        return kind;
    }
    rules_by_name(&path, name).or_else(|| program_by_name(name)).unwrap_or(kind)
}

fn is_manual(name: &str, source: &dyn Source) -> bool {
    let fenced = || read_up_to(source, 0, limit()).is_ok_and(|bytes| memchr::memmem::find(&bytes, b"\n```").is_some());
    (name.ends_with(".md") || name.ends_with(".mdx")) && fenced()
}

/// Instructions that agents load by their names, and where.
fn rules_by_name(path: &str, name: &str) -> Option<Kind> {
    const NAMES: &[&str] = &[
        "claude.md",
        "claude.local.md",
        "agents.md",
        "agent.md",
        "gemini.md",
        "copilot-instructions.md",
        ".cursorrules",
        ".windsurfrules",
        ".clinerules",
        ".goosehints",
    ];
    const ENDS: &[&str] = &[".mdc", ".instructions.md", ".prompt.md", ".chatmode.md", ".agent.md"];
    const FOLDERS: &[&str] =
        &["commands", "agents", "prompts", "rules", ".claude", ".cursor", ".windsurf", ".clinerules"];
    if name == "skill.md" {
        return Some(AGENT_SKILL);
    }
    let mut folders = path.split(['/', '\\']).rev().skip(1);
    let is_rules = NAMES.contains(&name)
        || ENDS.iter().any(|end| name.ends_with(end))
        || name.ends_with(".md") && folders.any(|folder| FOLDERS.contains(&folder));
    is_rules.then_some(AGENT_RULES)
}

/// The language of a program, by the ending that its interpreter or compiler goes by.
fn program_by_name(name: &str) -> Option<Kind> {
    const OTHERS: &[&str] = &[
        "ps1",
        "psm1",
        "bat",
        "cmd",
        "vbs",
        "vbe",
        "wsf",
        "hta",
        "rb",
        "pl",
        "pm",
        "php",
        "lua",
        "scpt",
        "applescript",
        "jxa",
        "go",
        "rs",
        "c",
        "cc",
        "cpp",
        "java",
        "kt",
        "swift",
        "cs",
        "scala",
        "dart",
        "ex",
        "exs",
        "erl",
        "tcl",
        "awk",
    ];
    const NAMES: &[&str] =
        &["dockerfile", "containerfile", "makefile", "gnumakefile", "justfile", "rakefile", "procfile"];
    if NAMES.contains(&name) {
        return Some(SOURCE);
    }
    let (_, ending) = name.rsplit_once('.')?;
    match ending {
        "sh" | "bash" | "zsh" | "ksh" | "fish" | "command" => Some(SHELL),
        "py" | "pyw" => Some(PYTHON),
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Some(JAVASCRIPT),
        _ => OTHERS.contains(&ending).then_some(SOURCE),
    }
}

/// The more exact kind of text that was recognised as `kind` and begins with `head`; `kind` itself where there is none.
///
/// # Errors
/// When the source can't be read.
pub fn refine(kind: Kind, source: &dyn Source, head: &[u8]) -> io::Result<Kind> {
    let of_text = [kinds::JSON, kinds::YAML, kinds::TEXT, kinds::SCRIPT, kinds::JSONL, kinds::JINJA].contains(&kind);
    if !of_text || source.size() > SOURCE_BYTES_MAX {
        return Ok(kind);
    }
    // What has none of the words of any form need not be read to its end.
    if kind == kinds::JSON && source.size() > head.len() as u64 && !has_mark(&read_up_to(source, 0, limit())?) {
        return Ok(kind);
    }
    let text = decoded(read_up_to(source, 0, limit())?);
    Ok(of(&kind, &text).unwrap_or(kind))
}

fn limit() -> usize {
    usize::try_from(SOURCE_BYTES_MAX).unwrap_or(usize::MAX)
}

fn of(kind: &Kind, text: &str) -> Option<Kind> {
    match kind.as_str() {
        "json" | "jsonl" => {
            has_mark(text.as_bytes()).then(|| Doc::from_json(text)).flatten().and_then(|doc| form(&doc))
        }
        "yaml" => markdown::kind_of(text)
            .or_else(|| has_mark(text.as_bytes()).then(|| Doc::from_yaml(text)).flatten().and_then(|doc| form(&doc))),
        "script" => script::by_interpreter(text),
        _ => of_text(text),
    }
}

/// Text without any structure that shows in its first bytes.
fn of_text(text: &str) -> Option<Kind> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    // Settings may begin with a comment, as programs do.
    if start.starts_with(['{', '/'])
        && has_mark(start.as_bytes())
        && let Some(kind) = Doc::from_json(start).and_then(|doc| form(&doc))
    {
        return Some(kind);
    }
    if start.starts_with(['[', '#']) || start.lines().next().is_some_and(|line| line.contains(" = ")) {
        let doc = has_mark(start.as_bytes()).then(|| Doc::from_toml(start)).flatten();
        if let Some(kind) = doc.and_then(|doc| form(&doc)) {
            return Some(kind);
        }
    }
    markdown::kind_of(text)
        .or_else(|| requirements::looks_like(text).then_some(REQUIREMENTS))
        .or_else(|| if python::looks_like(text) { Some(PYTHON) } else { script::kind_of(text) })
}

/// Words of which each form has at least one.
const MARKS: &[&str] = &[
    "mcpServers",
    "mcp_servers",
    "context_servers",
    "servers",
    "permissions",
    "hooks",
    "packages",
    "remotes",
    "mcp_config",
    "inputSchema",
    "input_schema",
    "parameters",
    "annotations",
    "prompts",
    "resources",
    "resourceTemplates",
    "skills",
    "description_for_model",
    "\"lc\"",
    "input_variables",
    "component_type",
    "backstory",
    "nbformat",
    "scripts",
    "ependencies",
    "build-system",
    "[project]",
    "autoApprove",
    "enableAllProjectMcpServers",
    "statusLine",
    "apiKeyHelper",
    "\"tools\"",
    "serverInfo",
    "protocolVersion",
    "\"contents\"",
    "\"jsonrpc\"",
    "isError",
];

fn has_mark(bytes: &[u8]) -> bool {
    MARKS.iter().any(|mark| memchr::memmem::find(bytes, mark.as_bytes()).is_some())
}

/// The kind of a document of this form.
pub fn form(doc: &Doc) -> Option<Kind> {
    let result = doc.get("result").unwrap_or(doc);
    if doc.has_any(&["nbformat"]) && doc.has_any(&["cells", "worksheets"]) {
        Some(NOTEBOOK)
    } else if is_manifest(doc) {
        Some(MCP_MANIFEST)
    } else if is_mcp_config(doc) {
        Some(MCP_CONFIG)
    } else if doc.has_any(&["name_for_model", "description_for_model"]) {
        Some(PLUGIN)
    } else if is_card(doc) {
        Some(AGENT_CARD)
    } else if is_agent_config(doc) {
        Some(AGENT_CONFIG)
    } else if is_tools(result) {
        Some(TOOLS)
    } else {
        of_project(doc)
    }
}

/// True for a server as agents' settings have it.
pub fn is_server(doc: &Doc) -> bool {
    doc.has_any(&["command", "cmd", "url", "serverUrl", "httpUrl"])
}

fn is_mcp_config(doc: &Doc) -> bool {
    let named = ["mcpServers", "mcp_servers", "context_servers"];
    let servers = |doc: &Doc| {
        doc.get("servers").is_some_and(|s| !s.entries().is_empty() && s.entries().iter().all(|(_, s)| is_server(s)))
    };
    let rights = doc.get("permissions").is_some_and(|p| p.has_any(&["allow", "deny", "defaultMode"]));
    let hooks = doc.get("hooks").is_some_and(|h| h.entries().iter().any(|(name, _)| HOOKS.contains(&name.as_str())));
    doc.has_any(&named)
        || doc.has_any(SETTINGS)
        || doc.get("mcp").is_some_and(|mcp| servers(mcp) || mcp.has_any(&named))
        || servers(doc)
        || rights
        || hooks
}

/// Settings that only agents have, and that matter by themselves.
pub const SETTINGS: &[&str] = &[
    "autoApprove",
    "enableAllProjectMcpServers",
    "statusLine",
    "apiKeyHelper",
    "chat.tools.autoApprove",
    "chat.tools.global.autoApprove",
];

/// Events at which an agent runs a command of its settings.
const HOOKS: &[&str] = &[
    "PreToolUse",
    "PostToolUse",
    "UserPromptSubmit",
    "SessionStart",
    "SessionEnd",
    "Stop",
    "SubagentStop",
    "Notification",
];

fn is_manifest(doc: &Doc) -> bool {
    let registry = ["registryType", "registry_type", "registry_name", "transport"];
    let packages = doc.get("packages").is_some_and(|p| p.items().iter().any(|package| package.has_any(&registry)));
    let remotes = doc.get("remotes").is_some_and(|r| r.items().iter().any(|remote| remote.has_any(&["url"])));
    let bundle = doc.get("server").is_some_and(|server| server.has_any(&["mcp_config", "entry_point"]));
    doc.has_any(&["name"]) && (packages || remotes || bundle)
}

fn is_card(doc: &Doc) -> bool {
    let skills = doc.get("skills").is_some_and(|s| s.items().iter().any(|skill| skill.has_any(&["id", "description"])));
    skills
        && doc.has_any(&["name"])
        && doc.has_any(&["capabilities", "defaultInputModes", "supportedInterfaces", "url"])
}

fn is_agent_config(doc: &Doc) -> bool {
    let constructor = doc.has_any(&["lc"]) && doc.has_any(&["id", "type"]);
    let prompt =
        doc.has_any(&["input_variables"]) && doc.has_any(&["template", "messages", "_type", "prefix", "suffix"]);
    let component = doc.has_any(&["component_type"]) && doc.has_any(&["provider"]);
    let crew = |doc: &Doc| doc.has_any(&["backstory"]) && doc.has_any(&["role", "goal"]);
    constructor || prompt || component || crew(doc) || doc.entries().iter().any(|(_, agent)| crew(agent))
}

/// True for what a server answers besides its lists: how it presents itself, a prompt, a resource, the result of a tool (Model
/// Context Protocol 2025-06-18).
pub fn is_answer(doc: &Doc) -> bool {
    let has = |list: &str, fits: &dyn Fn(&Doc) -> bool| doc.get(list).is_some_and(|l| l.items().iter().any(fits));
    doc.has_any(&["serverInfo"]) && doc.has_any(&["protocolVersion", "capabilities"])
        || has("messages", &|one| one.has_any(&["role"]) && one.get("content").is_some_and(|c| c.has_any(&["type"])))
        || has("contents", &|one| one.has_any(&["uri"]) && one.has_any(&["text", "blob"]))
        || has("content", &|one| one.has_any(&["type"]) && one.has_any(&["text", "resource"]))
            && !doc.has_any(&["role", "model", "id"])
}

/// True for a definition of one tool.
pub fn is_tool(doc: &Doc) -> bool {
    let doc = doc.get("function").filter(|f| !f.entries().is_empty()).unwrap_or(doc);
    let schema = doc.has_any(&["inputSchema", "input_schema"])
        || doc.get("parameters").is_some_and(|p| p.has_any(&["type", "properties", "$schema"]))
        || doc.get("annotations").is_some_and(|a| a.has_any(&["readOnlyHint", "destructiveHint", "title"]));
    doc.has_any(&["name"]) && schema
}

fn is_tools(doc: &Doc) -> bool {
    let list = |name: &str, fits: &dyn Fn(&Doc) -> bool| doc.get(name).is_some_and(|l| l.items().iter().any(fits));
    let offer = |one: &Doc| {
        one.has_any(&["name", "uri", "uriTemplate"]) && one.has_any(&["description", "arguments", "uri", "mimeType"])
    };
    let described = |one: &Doc| one.has_any(&["name"]) && one.has_any(&["description"]);
    is_tool(doc)
        || is_answer(doc)
        || doc.items().iter().any(is_tool)
        || list("tools", &is_tool)
        || list("tools", &described)
        || list("functions", &is_tool)
        || list("prompts", &offer)
        || list("resources", &|one| one.has_any(&["uri"]))
        || list("resourceTemplates", &|one| one.has_any(&["uriTemplate"]))
}

fn of_project(doc: &Doc) -> Option<Kind> {
    let table = |name: &str| doc.get(name).is_some_and(|t| !t.entries().is_empty());
    let python = doc.get("project").is_some_and(|p| p.has_any(&["name", "dependencies", "version"]))
        || doc.get("build-system").is_some_and(|b| b.has_any(&["requires"]))
        || doc.get("tool").and_then(|tool| tool.get("poetry")).is_some();
    if python {
        return Some(PROJECT);
    }
    if doc.get("dependencies").is_some_and(|d| !d.items().is_empty()) && doc.has_any(&["channels", "name", "prefix"]) {
        return Some(ENVIRONMENT);
    }
    let npm = ["scripts", "dependencies", "devDependencies", "optionalDependencies"].iter().any(|name| table(name));
    (npm && doc.has_any(&["name", "version", "private", "main", "type"])).then_some(NPM_PACKAGE)
}
