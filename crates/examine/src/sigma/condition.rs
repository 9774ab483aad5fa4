//! Conditions: how a rule joins its search identifiers.
//!
//! From the weakest to the strongest: `or`, `and`, `not`, `1 of` and `all of`, parentheses.

/// Bytes of one condition.
const CONDITION_BYTES_MAX: usize = 64 * 1024;
/// Parentheses and `not`s inside one another.
const NESTING_MAX: usize = 64;

/// A condition; searches are named by their index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Search(usize),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConditionError {
    pub code: &'static str,
    pub message: String,
    pub help: &'static str,
}

impl Condition {
    /// Reads a condition over the searches of these names.
    pub fn parse(source: &str, searches: &[&str]) -> Result<Self, ConditionError> {
        if source.len() > CONDITION_BYTES_MAX {
            return Err(error(format!("the condition has {} bytes", source.len()), "split the rule"));
        }
        if source.contains('|') {
            return Err(ConditionError {
                code: "sigma::aggregation-unsupported",
                message: "the condition counts or correlates events after `|`".into(),
                help: "version 2 of Sigma has no aggregations in conditions; write a correlation rule",
            });
        }
        let mut parser = Parser { tokens: tokens(source), at: 0, depth: 0, searches };
        let condition = parser.or()?;
        match parser.peek() {
            None => Ok(condition),
            Some(token) => Err(error(format!("`{token}` is not expected here"), "join searches with `and` or `or`")),
        }
    }
}

fn error(message: String, help: &'static str) -> ConditionError {
    ConditionError { code: "sigma::condition", message, help }
}

/// Parentheses and words.
fn tokens(source: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for word in source.split_whitespace() {
        let mut rest = word;
        while let Some(at) = rest.find(['(', ')']) {
            if at > 0 {
                tokens.push(&rest[..at]);
            }
            tokens.push(&rest[at..=at]);
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() {
            tokens.push(rest);
        }
    }
    tokens
}

struct Parser<'a> {
    tokens: Vec<&'a str>,
    at: usize,
    depth: usize,
    searches: &'a [&'a str],
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).copied()
    }

    fn take(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.and()?];
        while self.take("or") {
            parts.push(self.and()?);
        }
        Ok(joined(parts, Condition::Any))
    }

    fn and(&mut self) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.not()?];
        while self.take("and") {
            parts.push(self.not()?);
        }
        Ok(joined(parts, Condition::All))
    }

    fn not(&mut self) -> Result<Condition, ConditionError> {
        let mut negated = false;
        while self.take("not") {
            negated = !negated;
        }
        let inner = self.atom()?;
        Ok(if negated { Condition::Not(Box::new(inner)) } else { inner })
    }

    fn atom(&mut self) -> Result<Condition, ConditionError> {
        const HELP: &str = "a condition names searches and joins them with `and`, `or` and `not`";
        let Some(token) = self.peek() else {
            return Err(error("the condition ends too early".into(), HELP));
        };
        self.at += 1;
        if token == "(" {
            self.depth += 1;
            if self.depth > NESTING_MAX {
                return Err(error("the parentheses are nested too deep".into(), "split the rule"));
            }
            let inner = self.or()?;
            self.depth -= 1;
            return if self.take(")") { Ok(inner) } else { Err(error("a `)` is missing".into(), HELP)) };
        }
        if self.peek().is_some_and(|next| next.eq_ignore_ascii_case("of")) && !self.is_search(token) {
            self.at += 1;
            return self.quantified(token);
        }
        match self.searches.iter().position(|name| *name == token) {
            Some(search) => Ok(Condition::Search(search)),
            None => Err(error(format!("there is no search named `{token}`"), "name a search of this rule's detection")),
        }
    }

    fn is_search(&self, token: &str) -> bool {
        self.searches.contains(&token)
    }

    /// What follows `1 of` or `all of`.
    fn quantified(&mut self, quantity: &str) -> Result<Condition, ConditionError> {
        let join: fn(Vec<Condition>) -> Condition = match quantity.to_ascii_lowercase().as_str() {
            "1" | "any" => Condition::Any,
            "all" => Condition::All,
            other => return Err(error(format!("`{other} of` is not known"), "write `1 of` or `all of`")),
        };
        let Some(pattern) = self.peek() else {
            return Err(error("`of` is not followed by a name".into(), "write `1 of selection*` or `1 of them`"));
        };
        self.at += 1;
        let them = pattern.eq_ignore_ascii_case("them") && !self.is_search(pattern);
        let parts: Vec<Condition> = (0..self.searches.len())
            .filter(|i| {
                let name = self.searches[*i];
                if them { !name.starts_with('_') } else { name_fits(pattern, name) }
            })
            .map(Condition::Search)
            .collect();
        if parts.is_empty() {
            return Err(error(
                format!("no search is named like `{pattern}`"),
                "name searches of this rule's detection",
            ));
        }
        Ok(joined(parts, join))
    }
}

fn joined(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            join(parts)
        }
    }
}

/// Whether a name fits a pattern in which `*` stands for any characters.
fn name_fits(pattern: &str, name: &str) -> bool {
    let mut runs = pattern.split('*');
    let first = runs.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut last = None;
    for run in runs {
        if let Some(middle) = last.replace(run) {
            let Some(at) = rest.find(middle) else { return false };
            rest = &rest[at + str::len(middle)..];
        }
    }
    last.map_or(rest.is_empty(), |end| rest.ends_with(end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 5] = ["selection_a", "selection_b", "filter", "keywords", "_hidden"];

    fn parse(source: &str) -> Condition {
        Condition::parse(source, &NAMES).expect(source)
    }

    fn code(source: &str) -> &'static str {
        Condition::parse(source, &NAMES).expect_err(source).code
    }

    fn search(index: usize) -> Condition {
        Condition::Search(index)
    }

    #[test]
    fn precedence() {
        assert_eq!(
            parse("selection_a or selection_b and not filter"),
            Condition::Any(vec![search(0), Condition::All(vec![search(1), Condition::Not(Box::new(search(2)))])])
        );
        assert_eq!(
            parse("not 1 of selection_* and (filter OR keywords)"),
            Condition::All(vec![
                Condition::Not(Box::new(Condition::Any(vec![search(0), search(1)]))),
                Condition::Any(vec![search(2), search(3)])
            ])
        );
        assert_eq!(parse("not not filter"), search(2));
        assert_eq!(parse("((filter))"), search(2));
    }

    #[test]
    fn them_leaves_out_names_with_an_underscore() {
        assert_eq!(parse("1 of them"), Condition::Any((0..4).map(Condition::Search).collect()));
        assert_eq!(parse("all of *tion_*"), Condition::All(vec![search(0), search(1)]));
        assert_eq!(parse("1 of _*"), search(4));
    }

    #[test]
    fn wrong_conditions_say_what_is_wrong() {
        for source in
            ["", "and", "filter filter", "(filter", "filter)", "unknown", "2 of them", "1 of", "1 of nothing*", "not"]
        {
            assert_eq!(code(source), "sigma::condition", "{source}");
        }
        assert_eq!(code("filter | count() > 3"), "sigma::aggregation-unsupported");
        assert_eq!(code(&format!("{}filter", "(".repeat(10_000))), "sigma::condition");
    }

    fn naive(pattern: &[u8], name: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((b'*', rest)) => (0..=name.len()).any(|skip| naive(rest, &name[skip..])),
            Some((c, rest)) => name.split_first().is_some_and(|(n, t)| n == c && naive(rest, t)),
        }
    }

    proptest! {
        #[test]
        fn names_fit_as_the_naive_definition_says(pattern in "[ab*]{0,8}", name in "[ab]{0,10}") {
            prop_assert_eq!(name_fits(&pattern, &name), naive(pattern.as_bytes(), name.as_bytes()));
        }

        #[test]
        fn parsing_is_total(source in "([()]|and |or |not |1 |all |of |them |filter |selection_\\* |x| ){0,40}") {
            let _ = Condition::parse(&source, &NAMES);
        }
    }
}
