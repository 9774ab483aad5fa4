//! `sakimori check`.

use std::io::{self, BufWriter, Write as _};

use sakimori_examine::Settings;
use sakimori_model::Effect;
use sakimori_node::flow::{self, Rules};
use sakimori_node::outcome::Outcome;

use crate::cli::{Chatter, Check, Context};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::words::say;

/// What the summary counts.
#[derive(Default)]
struct Totals {
    decided: u64,
    allow: u64,
    review: u64,
    block: u64,
    unexamined: u64,
    unobserved: u64,
    reached: bool,
}

/// Examines, decides and records every input.
pub fn run(context: &Context, options: &Check) -> Result<Exit, Failure> {
    // A policy that can't be read is told before anything else is done.
    let own = options.policy.as_deref().map(|path| super::policy(Some(path))).transpose()?;
    let sigma = super::rules::with_builtin(context, &options.rules)?;
    let digest = sigma.digest();
    let settings = Settings { sigma, ..Settings::default() };
    let mut node = super::node_or_new(context)?;
    let policy = match own {
        Some(policy) => policy,
        None => node.active_policy()?,
    };
    let bar = Bar::new(context);
    let mut renderer = crate::render::renderer(options.format, context, &policy);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut totals = Totals::default();
    let rules = Rules { settings: &settings, rules: Some(digest), policy: &policy };
    let ran = flow::check(&mut node, &options.paths, &rules, &bar, |outcome| -> Result<(), Failure> {
        totals.count(&outcome, options);
        Ok(bar.suspended(|| renderer.outcome(&mut out, &outcome).and_then(|()| out.flush()))?)
    });
    bar.finish();
    ran?;
    renderer.end(&mut out)?;
    out.flush()?;
    totals.summarise(context);
    Ok(totals.exit())
}

impl Totals {
    fn count(&mut self, outcome: &Outcome, options: &Check) {
        let Outcome::Decided(decided) = outcome else {
            self.unobserved += 1;
            return;
        };
        self.decided += 1;
        match decided.decision.effect {
            Effect::Allow => self.allow += 1,
            Effect::Review => self.review += 1,
            Effect::Block => self.block += 1,
        }
        self.unexamined += u64::from(decided.findings.iter().any(sakimori_examine::report::is_unexamined));
        self.reached |= decided.decision.effect == Effect::Block && options.fail_on.is_wanted();
        self.reached |= decided.findings.iter().any(|finding| options.fail_on.reached(finding.severity));
    }

    fn summarise(&self, context: &Context) {
        if context.chatter == Chatter::Quiet {
            return;
        }
        let values: [(&str, &dyn std::fmt::Display); 5] = [
            ("count", &self.decided),
            ("block", &self.block),
            ("review", &self.review),
            ("allow", &self.allow),
            ("unexamined", &self.unexamined),
        ];
        if self.decided + self.unobserved == 0 {
            eprintln!("{}: {}", say(context.lang, "failure.warning", &[]), say(context.lang, "check.no-inputs", &[]));
            return;
        }
        eprintln!("{}", say(context.lang, "check.summary", &values));
        if self.unobserved > 0 {
            eprintln!("{}", say(context.lang, "check.summary-unread", &[("count", &self.unobserved)]));
        }
        if self.decided > 0 {
            eprintln!("{}", say(context.lang, "check.summary-proof", &[]));
        }
    }

    fn exit(&self) -> Exit {
        if self.unobserved > 0 {
            Exit::CouldNot
        } else if self.reached {
            Exit::Findings
        } else {
            Exit::Done
        }
    }
}
