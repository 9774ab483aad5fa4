//! Sign-in against a real OpenID provider, which `tests/setup.sh` installs and this test starts on loopback. `SAKIMORI_OIDC` is
//! its folder; without it the test says that it was skipped.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use sakimori_model::Timestamp;
use sakimori_node::access::oidc::{Begun, Oidc, OidcAnswer, OidcConfig, OidcError, OidcIdentity, SIGN_IN_LASTS};
use sakimori_node::access::role::Role;
use sakimori_node::access::secret::SessionSecret;
use url::Url;

const REDIRECT: &str = "http://127.0.0.1:8710/api/v1/session/oidc/return";
/// Most steps between the first page and the way back.
const STEPS_MAX: usize = 12;

/// The provider; it ends with its standard input.
struct Provider {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    issuer: String,
    folder: tempfile::TempDir,
}

impl Provider {
    fn start() -> Option<Self> {
        let Some(folder) = std::env::var_os("SAKIMORI_OIDC").map(PathBuf::from) else {
            eprintln!(
                "SKIPPED: sign-in by OpenID Connect was not tested, because SAKIMORI_OIDC is not set (make test sets it)"
            );
            return None;
        };
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let commands = process.stdin.take().expect("a pipe");
        let mut answers = BufReader::new(process.stdout.take().expect("a pipe"));
        let line = read_until(&mut answers, "port ");
        let issuer = format!("http://127.0.0.1:{}", line.trim_start_matches("port "));
        let folder = tempfile::TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("secret"), "a secret: of/the+client\n").expect("written");
        Some(Self { process, commands, answers, issuer, folder })
    }

    fn command(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("a command");
        read_until(&mut self.answers, "done");
    }

    fn oidc(&self, more: &str) -> Oidc {
        let secret = self.folder.path().join("secret");
        let text = format!(
            "issuer = '{}'\nclient_id = 'node'\nclient_secret_file = '{}'\nlabel = {{ ja = '社内', en = 'Office' }}\n{more}",
            self.issuer,
            secret.display(),
        );
        let config: OidcConfig = toml::from_str(&text).expect("a configuration");
        Oidc::new(config, &Url::parse(REDIRECT).expect("a URL")).expect("a provider")
    }

    fn public_client(&self) -> Oidc {
        let text =
            format!("issuer = '{}'\nclient_id = 'node-public'\nlabel = {{ ja = '社内', en = 'Office' }}", self.issuer);
        let config: OidcConfig = toml::from_str(&text).expect("a configuration");
        Oidc::new(config, &Url::parse(REDIRECT).expect("a URL")).expect("a provider")
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The provider also prints warnings, that it is a development set-up.
fn read_until(lines: &mut impl BufRead, start: &str) -> String {
    for _ in 0..100 {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).expect("a line") > 0, "the provider ended");
        if line.starts_with(start) {
            return line.trim().to_owned();
        }
    }
    panic!("the provider never says {start:?}");
}

/// What a person does in a browser: follows redirects, types a name, agrees. What comes back to the node.
async fn sign_in_there(start: &Url, login: &str) -> OidcAnswer {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_backend_preconfigured(no_tls())
        .build()
        .expect("a client");
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut url = start.clone();
    let mut form: Option<String> = None;
    for _ in 0..STEPS_MAX {
        let request = match form.take() {
            Some(form) => {
                client.post(url.clone()).header("content-type", "application/x-www-form-urlencoded").body(form)
            }
            None => client.get(url.clone()),
        };
        let jar = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let answer = request.header(COOKIE, jar).send().await.expect("an answer");
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a pair");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        if let Some(to) = answer.headers().get(LOCATION) {
            url = url.join(to.to_str().expect("text")).expect("a URL");
            if url.as_str().starts_with(REDIRECT) {
                return answer_in(&url);
            }
            continue;
        }
        let status = answer.status();
        let page = answer.text().await.expect("a page");
        let action = page.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
        let action = action.unwrap_or_else(|| panic!("{status} without a form: {page}"));
        url = url.join(action).expect("a URL");
        form = Some(if page.contains("value=\"login\"") {
            format!("prompt=login&login={login}&password=x")
        } else {
            "prompt=consent".to_owned()
        });
    }
    panic!("no way back after {STEPS_MAX} steps");
}

fn no_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

fn answer_in(url: &Url) -> OidcAnswer {
    let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    OidcAnswer { code: value("code"), state: value("state"), iss: value("iss"), error: value("error") }
}

fn with(url: &Url, name: &str, value: &str) -> Url {
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(pairs.iter().filter(|(key, _)| key != name)).append_pair(name, value);
    url
}

fn time() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Timestamp::from_micros(i64::try_from(since.as_micros()).expect("small")).expect("a time")
}

fn shifted(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_micros(time.as_micros() + seconds * 1_000_000).expect("a time")
}

async fn finish(oidc: &Oidc, answer: &OidcAnswer, cookie: &SessionSecret) -> Result<OidcIdentity, OidcError> {
    oidc.finish(answer, Some(cookie), Instant::now(), time()).await
}

async fn whole(oidc: &Oidc, login: &str) -> Result<OidcIdentity, OidcError> {
    let Begun { to, cookie } = oidc.begin(Instant::now()).await.expect("begun");
    let answer = sign_in_there(&to, login).await;
    finish(oidc, &answer, &cookie).await
}

fn invalid(result: &Result<OidcIdentity, OidcError>, what: &str) {
    assert!(matches!(result, Err(OidcError::Invalid(why)) if why.contains(what)), "{what}: {result:?}");
}

#[tokio::test]
async fn a_person_signs_in() {
    let Some(mut provider) = Provider::start() else { return };
    let oidc = provider.oidc(
        "scopes = ['profile', 'email', 'groups']\nallow = { email_domains = ['example.jp'] }\n\
         roles = { claim = 'groups', map = { csirt = 'analyst' } }",
    );
    let begun = oidc.begin(Instant::now()).await.expect("begun");
    let query: BTreeMap<String, String> = begun.to.query_pairs().into_owned().collect();
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["redirect_uri"], REDIRECT);
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["scope"], "openid profile email groups");
    assert!(query["state"].len() >= 22 && query["nonce"].len() >= 22 && query["code_challenge"].len() == 43);
    for tokens in ["full", "bare"] {
        provider.command(tokens);
        let person = whole(&oidc, "hanako").await.expect("signed in");
        assert_eq!(person.subject, "hanako", "{tokens}");
        assert_eq!(person.issuer, provider.issuer);
        assert_eq!(person.name.as_deref(), Some("防人 花子"));
        assert_eq!(person.email.as_deref(), Some("hanako@example.jp"));
        assert_eq!((person.role, person.role_for_new), (Some(Role::Analyst), Some(Role::Analyst)));
        // An address that was not verified opens nothing.
        let person = whole(&oidc, "taro").await.expect("signed in");
        assert_eq!(
            (person.subject.as_str(), person.email, person.role, person.role_for_new),
            ("taro", None, None, None)
        );
    }
    let person = whole(&provider.public_client(), "hanako").await.expect("a client without a secret, and ES256");
    assert_eq!((person.role, person.role_for_new), (None, None));
}

#[tokio::test]
async fn an_answer_that_does_not_belong_to_this_browser() {
    let Some(provider) = Provider::start() else { return };
    let oidc = provider.oidc("");
    let Begun { to, cookie } = oidc.begin(Instant::now()).await.expect("begun");
    let answer = sign_in_there(&to, "hanako").await;
    let other = oidc.begin(Instant::now()).await.expect("begun").cookie;
    let not_begun =
        |result: Result<OidcIdentity, OidcError>| assert!(matches!(result, Err(OidcError::NotBegun)), "{result:?}");
    // Somebody else's browser, no cookie, another state, no state.
    not_begun(finish(&oidc, &answer, &other).await);
    not_begun(finish(&oidc, &answer, &SessionSecret::random().expect("random")).await);
    not_begun(oidc.finish(&answer, None, Instant::now(), time()).await);
    not_begun(finish(&oidc, &OidcAnswer { state: Some("x".repeat(22)), ..answer.clone() }, &cookie).await);
    not_begun(finish(&oidc, &OidcAnswer { state: None, ..answer.clone() }, &cookie).await);
    // Too late; and then it is gone.
    not_begun(oidc.finish(&answer, Some(&cookie), Instant::now() + SIGN_IN_LASTS, time()).await);
    not_begun(finish(&oidc, &answer, &cookie).await);
}

#[tokio::test]
async fn what_is_used_again() {
    let Some(provider) = Provider::start() else { return };
    let oidc = provider.oidc("");
    let first = oidc.begin(Instant::now()).await.expect("begun");
    let answer = sign_in_there(&first.to, "hanako").await;
    assert!(finish(&oidc, &answer, &first.cookie).await.is_ok());
    let again = finish(&oidc, &answer, &first.cookie).await;
    assert!(matches!(again, Err(OidcError::NotBegun)), "{again:?}");
    // The used code in a new sign-in.
    let second = oidc.begin(Instant::now()).await.expect("begun");
    let state = answer_in(&second.to).state;
    let replayed = finish(&oidc, &OidcAnswer { state, ..answer }, &second.cookie).await;
    assert!(matches!(&replayed, Err(OidcError::Refused(why)) if why == "invalid_grant"), "{replayed:?}");
    // A code of somebody else's sign-in that was never used: the verifier does not fit.
    let (mine, theirs) =
        (oidc.begin(Instant::now()).await.expect("begun"), oidc.begin(Instant::now()).await.expect("begun"));
    let stolen = sign_in_there(&theirs.to, "hanako").await;
    let injected = finish(&oidc, &OidcAnswer { state: answer_in(&mine.to).state, ..stolen }, &mine.cookie).await;
    assert!(matches!(&injected, Err(OidcError::Refused(why)) if why == "invalid_grant"), "{injected:?}");
}

#[tokio::test]
async fn tokens_that_do_not_hold() {
    let Some(provider) = Provider::start() else { return };
    let oidc = provider.oidc("");
    let Begun { to, cookie } = oidc.begin(Instant::now()).await.expect("begun");
    let answer = sign_in_there(&with(&to, "nonce", "another-nonce"), "hanako").await;
    invalid(&finish(&oidc, &answer, &cookie).await, "nonce");
    // One client's tokens last two minutes, the other's an hour.
    let short = provider.public_client();
    for (oidc, seconds, what) in [(&short, 240, "token expired at"), (&oidc, 480, "made 4"), (&oidc, -120, "made -")] {
        let Begun { to, cookie } = oidc.begin(Instant::now()).await.expect("begun");
        let answer = sign_in_there(&to, "hanako").await;
        invalid(&oidc.finish(&answer, Some(&cookie), Instant::now(), shifted(time(), seconds)).await, what);
    }
    // Clocks that differ a little.
    for seconds in [-50, 170] {
        let Begun { to, cookie } = short.begin(Instant::now()).await.expect("begun");
        let answer = sign_in_there(&to, "hanako").await;
        let person = short.finish(&answer, Some(&cookie), Instant::now(), shifted(time(), seconds)).await;
        assert!(person.is_ok(), "{seconds}: {person:?}");
    }
}

#[tokio::test]
async fn answers_of_another_provider() {
    let Some(provider) = Provider::start() else { return };
    let oidc = provider.oidc("");
    for iss in [Some("https://evil.example".to_owned()), Some(format!("{}/", provider.issuer)), None] {
        let Begun { to, cookie } = oidc.begin(Instant::now()).await.expect("begun");
        let answer = OidcAnswer { iss, ..sign_in_there(&to, "hanako").await };
        invalid(&finish(&oidc, &answer, &cookie).await, "provider");
    }
    // Another client of the same provider.
    let Begun { to, cookie } = oidc.begin(Instant::now()).await.expect("begun");
    let answer = sign_in_there(&with(&to, "client_id", "other"), "hanako").await;
    let refused = finish(&oidc, &answer, &cookie).await;
    assert!(matches!(&refused, Err(OidcError::Refused(why)) if why == "invalid_grant"), "{refused:?}");
    // The person says no: a code that is there all the same is not used.
    let Begun { to, cookie } = oidc.begin(Instant::now()).await.expect("begun");
    let answer = OidcAnswer { error: Some("access_denied".to_owned()), ..sign_in_there(&to, "hanako").await };
    let refused = finish(&oidc, &answer, &cookie).await;
    assert!(matches!(&refused, Err(OidcError::Refused(why)) if why == "access_denied"), "{refused:?}");
}

#[tokio::test]
async fn the_provider_changes_its_keys() {
    let Some(mut provider) = Provider::start() else { return };
    let oidc = provider.oidc("");
    assert!(whole(&oidc, "hanako").await.is_ok());
    provider.command("rotate");
    let Begun { to, cookie } = oidc.begin(Instant::now()).await.expect("begun");
    let answer = sign_in_there(&to, "hanako").await;
    // Just fetched: an unknown key does not make the node ask again and again.
    invalid(&finish(&oidc, &answer, &cookie).await, "key");
    let Begun { to, cookie } = oidc.begin(Instant::now()).await.expect("begun");
    let answer = sign_in_there(&to, "hanako").await;
    let minute_later = Instant::now() + Duration::from_secs(60);
    let person = oidc.finish(&answer, Some(&cookie), minute_later, time()).await.expect("signed in with the new key");
    assert_eq!(person.subject, "hanako");
}

#[tokio::test]
async fn a_provider_that_is_not_there() {
    let config: OidcConfig =
        toml::from_str("issuer = 'http://127.0.0.1:9'\nclient_id = 'node'\nlabel = { ja = '社内', en = 'Office' }")
            .expect("a configuration");
    let oidc = Oidc::new(config, &Url::parse(REDIRECT).expect("a URL")).expect("it is not asked yet");
    let error = oidc.begin(Instant::now()).await.expect_err("nobody listens there");
    assert_eq!(error.code(), "SKM-E-0171", "{error}");
}
