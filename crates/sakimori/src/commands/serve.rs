//! `sakimori serve`.

use sakimori_examine::Settings;
use sakimori_node::api::routes;
use sakimori_node::api::serve::{Listening, ServeError, serve};
use sakimori_node::config::Config;

use crate::cli::{Chatter, Context, Serve};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::say;

/// Serves until a signal ends it.
pub fn run(context: &Context, options: &Serve) -> Result<Exit, Failure> {
    if options.openapi {
        out!("{}", routes::document())?;
        return Ok(Exit::Done);
    }
    let mut config = match &options.config {
        Some(path) => Config::load(path).map_err(|error| Failure::new("SKM-E-0025", error))?,
        None => Config::default(),
    };
    if let Some(listen) = &options.listen {
        config.listen = listen.parse().map_err(|error| failure(ServeError::Listen(error)))?;
    }
    let home = context.home_or(config.home.clone())?;
    let sigma = super::rules::with_builtin(context, &config.rules)?;
    let settings = Settings { sigma, ..Settings::default() };
    logs_to_standard_error();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(config, &home, settings, |listening| tell(context, listening)));
    // What still runs in the background does not hold up the end.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    served.map_err(failure)?;
    Ok(Exit::Done)
}

/// Log lines are English, one a line, with levels by `RUST_LOG`.
pub fn logs_to_standard_error() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,sakimori=info,sakimori_node=info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // Already set only in tests of this process.
    let _ = lines.try_init();
}

/// Tells where the service is. On standard output, so that a script can read it.
fn tell(context: &Context, listening: &Listening) {
    let lang = context.lang;
    let url = &listening.url;
    let said = match &listening.first {
        Some(code) => {
            let first = format!("{url}/first#{code}");
            outln!("{first}").and_then(|()| {
                if context.chatter == Chatter::Normal {
                    eprintln!("{}", say(lang, "serve.first", &[]));
                }
                Ok(())
            })
        }
        None => outln!("{url}/"),
    };
    if said.is_ok() && context.chatter == Chatter::Normal {
        eprintln!("{}", say(lang, "serve.listening", &[("address", &listening.address)]));
    }
}

/// Why it does not serve, for people.
pub fn failure(error: ServeError) -> Failure {
    Failure::new(error.code(), error)
}
