//! Orders to an AI assistant that reads a text for a person (indirect prompt injection).

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::fold::fold;

/// Tag characters from which on they spell a message rather than a flag.
const TAG_CHARS_MIN: usize = 12;

/// The ASCII text that invisible tag characters spell.
pub fn tag_message(text: &str) -> Option<String> {
    if !text.contains('\u{e0020}') && !text.chars().any(|c| ('\u{e0021}'..='\u{e007e}').contains(&c)) {
        return None;
    }
    let spelt: String = text
        .chars()
        .filter(|c| ('\u{e0020}'..='\u{e007e}').contains(c))
        .filter_map(|c| char::from_u32(c as u32 - 0xe0000))
        .take(400)
        .collect();
    (spelt.len() >= TAG_CHARS_MIN && spelt.contains(' ')).then_some(spelt)
}

/// The surroundings of an order, as folded text.
pub fn order(text: &str) -> Option<String> {
    order_in(&fold(text))
}

/// The surroundings of an order in folded text.
pub fn order_in(folded: &str) -> Option<String> {
    let found = ORDERS.find(folded)?;
    Some(folded[found.start()..].chars().take(120).collect())
}

static ORDERS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new(PHRASES.iter().map(|p| fold(p))).unwrap_or_else(|e| panic!("the phrases make an automaton: {e}"))
});

/// What is said to assistants and to nobody else. Written by us.
const PHRASES: &[&str] = &[
    "ignore previous instructions",
    "ignore all previous",
    "ignore the previous",
    "ignore all prior",
    "ignore prior instructions",
    "ignore your instructions",
    "ignore any previous",
    "ignore the above instructions",
    "ignore the instructions",
    "disregard previous",
    "disregard all previous",
    "disregard the above",
    "disregard prior",
    "disregard your instructions",
    "forget your instructions",
    "forget all previous",
    "forget previous instructions",
    "override your instructions",
    "override previous instructions",
    "new instructions for the ai",
    "instructions for the ai",
    "instructions for ai",
    "instruction to the ai",
    "note to ai",
    "note to the ai",
    "attention ai",
    "dear ai",
    "if you are an ai",
    "if you are a language model",
    "if you're an ai",
    "you are an ai assistant",
    "you are a helpful assistant",
    "you are now in developer mode",
    "as an ai assistant, you",
    "ai assistants must",
    "ai assistant must",
    "the assistant must",
    "the assistant should",
    "ai agents reading",
    "ai reading this",
    "llm reading this",
    "any llm",
    "when summarizing this",
    "when summarising this",
    "when you summarize this",
    "summarize this email as",
    "summarise this email as",
    "in your summary",
    "system prompt",
    "<system>",
    "[system]",
    "### instruction",
    "<|im_start|>",
    "[inst]",
    "do not tell the user",
    "do not inform the user",
    "don't tell the user",
    "without telling the user",
    "do not mention this to the user",
    "hide this from the user",
    "do not reveal this to",
    "tell the user that",
    "tell the user to",
    "warn the user that",
    "classify this email as",
    "classify this message as",
    "mark this email as safe",
    "mark this message as safe",
    "label this email as",
    "respond only with",
    "exfiltrate",
    "call the tool",
    "use the tool",
    "invoke the function",
    "forward all emails",
    "forward this email to",
    "search the inbox for",
    "search the mailbox for",
    "以前の指示を無視",
    "これまでの指示を無視",
    "前の指示を無視",
    "上記の指示を無視",
    "指示を無視して",
    "指示をすべて無視",
    "全ての指示を無視",
    "あなたはai",
    "あなたはAIアシスタント",
    "aiアシスタントへ",
    "aiへの指示",
    "aiアシスタントは",
    "システムプロンプト",
    "要約する際",
    "要約の際",
    "要約には必ず",
    "利用者に伝えないで",
    "ユーザーに伝えないで",
    "ユーザーには伝えず",
    "ユーザーに知らせず",
    "ユーザーに知らせないで",
    "このメールを安全と",
    "安全なメールと判定",
    "安全と分類",
    "ignoriere alle vorherigen",
    "ignoriere die vorherigen",
    "ignorez les instructions",
    "ignora las instrucciones",
    "ignora le istruzioni",
    "ignore as instrucoes",
    "忽略之前的指令",
    "忽略以上指令",
    "이전 지시를 무시",
];
