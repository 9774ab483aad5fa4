//! `sakimori witness`.

use sakimori_node::api::serve::ServeError;
use sakimori_node::api::witness::serve;
use sakimori_node::config::Config;
use sakimori_node::witness::{self, WitnessError};
use sakimori_proof::KeyPlace;

use crate::cli::{Chatter, Context, Witness, WitnessCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::say;

/// Where a witness listens when nothing else is said: the port beside the node's.
const LISTEN: &str = "127.0.0.1:8720";

/// Serves a witness until a signal ends it, or shows its key.
pub fn run(context: &Context, options: &Witness) -> Result<Exit, Failure> {
    let config = match &options.config {
        Some(path) => Some(Config::load(path).map_err(|error| Failure::new("SKM-E-0025", error))?),
        None => None,
    };
    let home = context.home_or(config.as_ref().and_then(|config| config.home.clone()))?;
    if let Some(WitnessCommand::Key { public: _, name, add_ml_dsa, token }) = &options.command {
        let key = match token.place() {
            KeyPlace::File => witness::key(&home, name.as_deref()),
            place => witness::new_key(&home, name.as_deref(), place),
        };
        let key = key.map_err(failure)?;
        let key = if *add_ml_dsa { witness::add_ml_dsa(&home).map_err(failure)? } else { key };
        out!("{}", key.public_text())?;
        return Ok(Exit::Done);
    }
    let listen = options.listen.as_deref().or(config.is_none().then_some(LISTEN));
    let mut config = config.unwrap_or_default();
    if let Some(listen) = listen {
        config.listen = listen.parse().map_err(|error| super::serve::failure(ServeError::Listen(error)))?;
    }
    config.witness.logs.extend(options.log.iter().cloned());
    for path in &options.logs {
        config.witness.logs.extend(super::verify::keys(path)?.iter().map(ToString::to_string));
    }
    config.witness.name = options.name.clone().or(config.witness.name);
    if !config.witness.is_wanted() {
        return Err(failure(WitnessError::NoLog));
    }
    let witness = witness::open(&home, &config.witness).map_err(failure)?;
    super::serve::logs_to_standard_error();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let logs: Vec<String> = witness.origins().map(str::to_owned).collect();
    let served = runtime.block_on(serve(&config, witness, |address| {
        let told = outln!("{scheme}://{address}/");
        if told.is_ok() && context.chatter == Chatter::Normal {
            let values: [(&str, &dyn std::fmt::Display); 2] = [("address", &address), ("logs", &logs.join(", "))];
            eprintln!("{}", say(context.lang, "witness.listening", &values));
        }
    }));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    served.map_err(super::serve::failure)?;
    Ok(Exit::Done)
}

fn failure(error: WitnessError) -> Failure {
    Failure::new(error.code(), error)
}
