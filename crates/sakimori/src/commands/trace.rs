//! `sakimori trace`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Write};

use sakimori_model::Actor;
use sakimori_node::trace::{Graph, Item, Way};

use crate::cli::{Context, Trace, TraceFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::{harmless, say};

/// Shows where a thing came from, and what came of it.
pub fn run(context: &Context, options: &Trace) -> Result<Exit, Failure> {
    let way = match (options.up, options.down) {
        (true, _) => Way::Upstream,
        (_, true) => Way::Downstream,
        _ => Way::Both,
    };
    let graph = super::node_to_read(context)?.trace(&options.what.to_ascii_lowercase(), way)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match options.format {
        TraceFormat::Text => Tree::of(context, &graph).show(&mut out, way)?,
        TraceFormat::Json => {
            let text = serde_json::to_string_pretty(&graph).map_err(|error| Failure::new("SKM-E-0012", error))?;
            writeln!(out, "{text}")?;
        }
        TraceFormat::Prov => writeln!(out, "{:#}", graph.to_prov_json())?,
    }
    out.flush()?;
    if graph.cut {
        eprintln!("{}: {}", say(context.lang, "failure.warning", &[]), say(context.lang, "trace.cut", &[]));
    }
    Ok(Exit::Done)
}

/// What comes next from each thing.
type Branches<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// The graph as two trees with the start as their root.
struct Tree<'a> {
    context: &'a Context,
    graph: &'a Graph,
    items: BTreeMap<&'a str, &'a Item>,
    up: Branches<'a>,
    down: Branches<'a>,
}

impl<'a> Tree<'a> {
    fn of(context: &'a Context, graph: &'a Graph) -> Self {
        let items = graph.items.iter().map(|item| (item.id.as_str(), item)).collect();
        let (mut up, mut down) = (Branches::new(), Branches::new());
        for link in &graph.links {
            up.entry(&link.from).or_default().push(&link.to);
            down.entry(&link.to).or_default().push(&link.from);
        }
        Self { context, graph, items, up, down }
    }

    fn show(&self, out: &mut dyn Write, way: Way) -> io::Result<()> {
        let lang = self.context.lang;
        let Some(start) = self.items.get(self.graph.start.as_str()) else { return Ok(()) };
        writeln!(out, "{}", self.line(start))?;
        for (wanted, key, links) in [(Way::Upstream, "trace.up", &self.up), (Way::Downstream, "trace.down", &self.down)]
        {
            if way != Way::Both && way != wanted {
                continue;
            }
            writeln!(out, "\n{}", say(lang, key, &[]))?;
            let mut seen = BTreeSet::from([self.graph.start.as_str()]);
            let shown = self.branches(out, self.graph.start.as_str(), links, 1, &mut seen)?;
            if shown == 0 {
                writeln!(out, "  {}", say(lang, "trace.nothing", &[]))?;
            }
        }
        Ok(())
    }

    /// Everything below a thing, each thing once.
    fn branches(
        &self,
        out: &mut dyn Write,
        of: &'a str,
        links: &Branches<'a>,
        depth: usize,
        seen: &mut BTreeSet<&'a str>,
    ) -> io::Result<usize> {
        let mut shown = 0;
        for next in links.get(of).into_iter().flatten() {
            let Some(item) = self.items.get(next) else { continue };
            if !seen.insert(next) {
                continue;
            }
            writeln!(out, "{}{}", "  ".repeat(depth), self.line(item))?;
            shown += 1 + self.branches(out, next, links, depth + 1, seen)?;
        }
        Ok(shown)
    }

    fn line(&self, item: &Item) -> String {
        let Context { lang, paint, .. } = *self.context;
        let kind = say(lang, &format!("trace.{}", item.kind.as_str()), &[]);
        let says = match item.kind.as_str() {
            _ if item.says.is_empty() => String::new(),
            "decision" | "judgement" => format!("  [{}]", say(lang, &format!("effect.{}", item.says), &[])),
            "admission" => format!("  [{}]", say(lang, &format!("admission.{}", item.says), &[])),
            _ => format!("  [{}]", item.says),
        };
        let at = item.at.map(|at| format!("  {at}")).unwrap_or_default();
        let by = item.by.as_ref().map(|by| format!("  {}", actor(by))).unwrap_or_default();
        let id = item.id.split_once(':').map_or(item.id.as_str(), |(_, id)| id);
        format!(
            "{kind}  {}{}  {}",
            harmless(&item.name),
            harmless(&says),
            paint.dim(&harmless(&format!("{id}{at}{by}")))
        )
    }
}

fn actor(by: &Actor) -> String {
    match by {
        Actor::Account { account } => format!("account {account}"),
        Actor::Token { token, .. } => format!("token {token}"),
        Actor::Public => "public".to_owned(),
        Actor::Local => "local".to_owned(),
    }
}
