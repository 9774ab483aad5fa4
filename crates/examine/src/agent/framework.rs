//! Agents, chains and prompts as frameworks write them: LangChain, CrewAI, AutoGen.

use sakimori_model::FactName;

use super::config::walk;
use super::doc::Doc;
use super::judge::Judge;
use super::texts::{self, Audience};
use super::{codes, command, links, python};

/// Packages whose classes LangChain's own loader makes.
const OWN: &[&str] = &[
    "langchain",
    "langchain_core",
    "langchain_community",
    "langchain_openai",
    "langchain_anthropic",
    "langchain_text_splitters",
    "langgraph",
];
/// Words in the names of parts that run what a model writes.
const RUNS: &[&str] = &[
    "PythonREPL",
    "PythonAstREPL",
    "ShellTool",
    "BashProcess",
    "LLMBashChain",
    "llm_bash_chain",
    "PALChain",
    "pal_chain",
    "CodeInterpreterTool",
    "LocalCommandLineCodeExecutor",
    "PythonCodeExecutionTool",
    "CodeExecutorAgent",
    "TerminalTool",
    "python_repl",
    "JupyterCodeExecutor",
    "CPALChain",
];
/// Keys with which somebody has said that danger is welcome.
const DARES: &[&str] = &[
    "allow_dangerous_deserialization",
    "allow_dangerous_requests",
    "allow_dangerous_code",
    "allow_delegation_unsafe",
    "allow_code_execution",
    "trust_env",
];

/// Judges a configuration.
pub fn judge(judge: &mut Judge<'_, '_>, doc: &Doc) {
    super::config::about(judge, doc);
    part(judge, "", doc);
    walk(doc, "", &mut |path, key, value| {
        part(judge, path, value);
        match value {
            Doc::Truth(true) if DARES.contains(&key) => judge.found(&codes::NO_QUESTIONS, path, key),
            Doc::Truth(false) if key == "use_docker" => judge.found(&codes::RUNS_CODE, path, "use_docker"),
            Doc::Text(text) if key == "source_code" => python::judge_text(judge, text),
            Doc::Text(text) if key == "template_format" && text == "jinja2" => {
                judge.found(&codes::ACTIVE_TEMPLATE, path, text)
            }
            Doc::Text(text) => {
                texts::judge(judge, path, text, Audience::Instructions);
                if links::is_secret(key, text) {
                    judge.found(&codes::LITERAL_SECRET, path, key);
                }
                if key == "command" {
                    command::judge_script(judge, path, text);
                }
                if text.contains("://") && !text.contains(char::is_whitespace) {
                    links::judge(judge, path, text);
                }
            }
            _ => {}
        }
    });
}

/// Judges what a part is made of.
fn part(judge: &mut Judge<'_, '_>, path: &str, doc: &Doc) {
    if doc.has_any(&["lc"]) && doc.text_of("type") == Some("constructor") {
        let id = doc.get("id").map(Doc::words).unwrap_or_default();
        if !id.first().is_some_and(|root| OWN.contains(root)) {
            judge.found(&codes::FOREIGN_CLASS, path, &id.join("."));
        }
    }
    let names = [
        doc.get("id").map(|id| id.words().join(".")),
        doc.text_of("_type").map(str::to_owned),
        doc.text_of("provider").map(str::to_owned),
    ];
    for name in names.iter().flatten() {
        if RUNS.iter().any(|runs| name.contains(runs)) {
            judge.found(&codes::RUNS_CODE, path, name);
        }
    }
    if doc.has_any(&["component_type"])
        && let Some(provider) = doc.text_of("provider").filter(|p| !p.starts_with("autogen"))
    {
        judge.found(&codes::FOREIGN_CLASS, path, provider);
    }
    for tool in doc.get("tools").map(Doc::words).unwrap_or_default() {
        judge.report.fact(FactName::Tool, tool);
        if RUNS.iter().any(|runs| tool.contains(runs)) {
            judge.found(&codes::RUNS_CODE, path, tool);
        }
    }
}
