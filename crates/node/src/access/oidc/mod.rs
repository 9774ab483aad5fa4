//! Sign-in by OpenID Connect: another provider answers for a person. The authorisation code flow with PKCE (S256), state, nonce
//! and one exact redirect URI; the browser that ends a sign-in must be the one that began it.
//!
//! Source: OpenID Connect Core 1.0 sections 3.1 and 5.3, OpenID Connect Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (issuer in the
//! answer), RFC 9700 (best current practice). Tokens are checked by the crate `openidconnect`; here are the rules around it.

mod claims;
mod config;
mod http;
mod pending;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken, DiscoveryError, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenClaims, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, ProviderMetadata, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    StandardErrorResponse, StandardTokenResponse,
};
use sakimori_model::{Text, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::Mutex;
use url::Url;

use self::claims::{Claims, OtherClaims};
pub(crate) use self::config::may_be_asked;
pub use self::config::{Allow, Everybody, OidcConfig, Roles};
use self::http::{Http, HttpError};
pub(crate) use self::http::{body_of, client_without_redirects, with_causes};
use self::pending::{Pending, PendingSignIns};
pub use self::pending::{SIGN_IN_LASTS, SIGN_INS_MAX};
use super::role::Role;
use super::secret::SessionSecret;

/// How long the provider's description and keys are believed.
const DISCOVERY_LASTS: Duration = Duration::from_secs(60 * 60);
/// Shortest time between two fetches: unknown keys must not make this node hammer the provider.
const DISCOVERY_EVERY_MIN: Duration = Duration::from_secs(30);
/// How far the clocks of the provider and of this node may differ.
const CLOCK_SKEW_SECONDS: i64 = 60;
/// Oldest age of an ID token when it comes: a person may take [`SIGN_IN_LASTS`], the token is made at the end of it.
const TOKEN_AGE_MAX_SECONDS: i64 = 5 * 60;
/// Most bytes of each value in the answer that the browser brings.
const ANSWER_VALUE_BYTES_MAX: usize = 4 << 10;
/// Most characters of a subject (OpenID Connect Core 1.0 section 2).
const SUBJECT_CHARS_MAX: usize = 255;
/// Signatures with the provider's public keys. A shared secret would let whoever reads our configuration sign.
const ALGORITHMS: &[CoreJwsSigningAlgorithm] = &[
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why a sign-in by OpenID Connect did not succeed. None of them repeats a code or a token.
#[derive(Debug, Error)]
pub enum OidcError {
    /// The configuration can't work.
    #[error("oidc: {0}")]
    Config(String),
    /// The provider does not answer, or not as the standard says.
    #[error("the provider can't be used: {0}")]
    Provider(String),
    /// This browser has begun no such sign-in, or it took too long, or it was used already.
    #[error("this browser has no sign-in under way that fits the answer")]
    NotBegun,
    /// The provider says no, or the person did.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// The answer or the token is not for this sign-in, or not from this provider, or too old.
    #[error("the provider's answer does not hold: {0}")]
    Invalid(String),
    /// The provider knows the person, and this node does not let the person in.
    #[error("the person has no account here, and the configuration gives none")]
    NotAllowed,
}

impl OidcError {
    /// The stable code, under which title and hint are found.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config(_) => "SKM-E-0170",
            Self::Provider(_) => "SKM-E-0171",
            Self::NotBegun => "SKM-E-0172",
            Self::Refused(_) => "SKM-E-0173",
            Self::Invalid(_) => "SKM-E-0174",
            Self::NotAllowed => "SKM-E-0175",
        }
    }
}

/// A person for whom the provider answers. The person is the pair of issuer and subject; name and address may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcIdentity {
    /// The issuer, as configured.
    pub issuer: String,
    /// The subject (`sub`), at most 255 characters.
    pub subject: String,
    /// A name to show.
    pub name: Option<String>,
    /// An address that the provider has verified.
    pub email: Option<String>,
    /// The role that the provider gives by the mapping; it wins over the account's.
    pub role: Option<Role>,
    /// The role of an account that is to be made now. `None`: without an account the person does not come in
    /// ([`OidcError::NotAllowed`]).
    pub role_for_new: Option<Role>,
}

/// A sign-in that was begun: send the browser to `to`, with `cookie` for [`SIGN_IN_LASTS`].
#[derive(Debug)]
pub struct Begun {
    /// The provider's page.
    pub to: Url,
    /// What binds the sign-in to this browser, for [`super::cookie::set_oidc`].
    pub cookie: SessionSecret,
}

/// What the browser brings back in the query (RFC 6749 section 4.1.2, RFC 9207).
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct OidcAnswer {
    /// The code.
    pub code: Option<String>,
    /// The state that was sent along.
    pub state: Option<String>,
    /// Who answers.
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// The one provider of a node.
pub struct Oidc {
    config: OidcConfig,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    secret: Option<ClientSecret>,
    http: Http,
    pending: PendingSignIns,
    known: Mutex<Option<Known>>,
}

/// What the provider said about itself, and when.
#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    fetched: Instant,
}

impl Oidc {
    /// A provider; it is asked at the first sign-in, so that the node starts without it. `redirect` is the public URL of
    /// `/api/v1/session/oidc/return`, exactly as it is registered at the provider.
    ///
    /// # Errors
    /// [`OidcError::Config`].
    pub fn new(config: OidcConfig, redirect: &Url) -> Result<Self, OidcError> {
        let issuer = config.check()?;
        let http = Http::new(&issuer, config.ca_file.as_deref())?;
        let wrong = |e: url::ParseError| OidcError::Config(e.to_string());
        Ok(Self {
            issuer: IssuerUrl::new(config.issuer.clone()).map_err(wrong)?,
            redirect: RedirectUrl::new(redirect.to_string()).map_err(wrong)?,
            secret: config.secret()?,
            http,
            pending: PendingSignIns::default(),
            known: Mutex::new(None),
            config,
        })
    }

    /// What the button says.
    #[must_use]
    pub fn label(&self) -> &Text {
        &self.config.label
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    /// When the provider can't be asked, or the system has no random numbers.
    pub async fn begin(&self, now: Instant) -> Result<Begun, OidcError> {
        let metadata = self.metadata(now, DISCOVERY_LASTS).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(&metadata);
        let mut request = client.authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        for scope in self.config.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (to, state, nonce) = request.set_pkce_challenge(challenge).url();
        let cookie = SessionSecret::random().map_err(|e| OidcError::Config(format!("no random numbers: {e}")))?;
        self.pending.begin(cookie.digest(), Pending::new(&state, nonce, verifier, now), now);
        Ok(Begun { to, cookie })
    }

    /// Ends a sign-in with what the browser brought: its cookie and the query. `now` is for the sign-in, `time` for the token.
    ///
    /// # Errors
    /// One for each way in which it may not be the person, or not now.
    pub async fn finish(
        &self,
        answer: &OidcAnswer,
        cookie: Option<&SessionSecret>,
        now: Instant,
        time: Timestamp,
    ) -> Result<OidcIdentity, OidcError> {
        let values = [&answer.code, &answer.state, &answer.iss, &answer.error];
        if values.into_iter().flatten().any(|value| value.len() > ANSWER_VALUE_BYTES_MAX) {
            return Err(OidcError::Invalid("a value of the answer is too long".to_owned()));
        }
        let state = answer.state.as_deref().ok_or(OidcError::NotBegun)?;
        let cookie = cookie.ok_or(OidcError::NotBegun)?;
        let pending = self.pending.take(&cookie.digest(), state, now).ok_or(OidcError::NotBegun)?;
        let metadata = self.metadata(now, DISCOVERY_LASTS).await?;
        // Before anything is sent: the code of another provider must not go to this one (RFC 9700 section 2.1.3).
        check_issuer(answer, &metadata)?;
        if let Some(error) = &answer.error {
            return Err(OidcError::Refused(known_error(error)));
        }
        let code = answer.code.clone().ok_or_else(|| OidcError::Invalid("there is no code".to_owned()))?;
        let tokens = self.exchange(&metadata, code, &pending).await?;
        let (claims, metadata) = self.verified(metadata, &tokens, &pending.nonce, (now, time)).await?;
        let mut person = Claims::of_token(&claims);
        if !(1..=SUBJECT_CHARS_MAX).contains(&person.subject.chars().count()) {
            return Err(OidcError::Invalid("the subject is empty or too long".to_owned()));
        }
        self.complete(&mut person, &metadata, &tokens, &claims).await?;
        Ok(self.identity(person))
    }

    fn identity(&self, person: Claims) -> OidcIdentity {
        OidcIdentity {
            issuer: self.config.issuer.clone(),
            role: self.config.role_of(&person),
            role_for_new: self.config.role_for_new(&person),
            subject: person.subject,
            name: person.name,
            email: person.email,
        }
    }

    async fn exchange(&self, metadata: &Metadata, code: String, pending: &Pending) -> Result<Tokens, OidcError> {
        let client = self.client(metadata);
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|e| OidcError::Provider(format!("no token endpoint: {e}")))?;
        // The type has no copy on purpose; it is used once, here.
        let verifier = openidconnect::PkceCodeVerifier::new(pending.verifier.secret().clone());
        request.set_pkce_verifier(verifier).request_async(&self.http).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(refusal) => OidcError::Refused(known_error(refusal.error().as_ref())),
            RequestTokenError::Request(error) => OidcError::Provider(error.to_string()),
            RequestTokenError::Parse(error, _) => OidcError::Provider(format!("its token answer: {}", error.path())),
            RequestTokenError::Other(what) => OidcError::Provider(what),
        })
    }

    /// Checks the ID token; once more with fresh keys when none of the known ones fits, because providers change them.
    async fn verified(
        &self,
        metadata: Arc<Metadata>,
        tokens: &Tokens,
        nonce: &Nonce,
        (now, time): (Instant, Timestamp),
    ) -> Result<(TokenClaims, Arc<Metadata>), OidcError> {
        let first = self.verify(&metadata, tokens, nonce, time);
        if !matches!(first, Err(Unverified::Key(_))) {
            return first.map(|claims| (claims, metadata)).map_err(Into::into);
        }
        let fresh = self.metadata(now, DISCOVERY_EVERY_MIN).await?;
        self.verify(&fresh, tokens, nonce, time).map(|claims| (claims, fresh)).map_err(Into::into)
    }

    fn verify(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        nonce: &Nonce,
        time: Timestamp,
    ) -> Result<TokenClaims, Unverified> {
        let token =
            tokens.extra_fields().id_token().ok_or_else(|| Unverified::Other("there is no ID token".to_owned()))?;
        let client = self.client(metadata);
        let supported = metadata.id_token_signing_alg_values_supported();
        let seconds = time.as_micros().div_euclid(1_000_000);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS.iter().filter(|alg| supported.contains(alg)).cloned())
            .set_time_fn(move || system_time(seconds - CLOCK_SKEW_SECONDS).into())
            .set_issue_time_verifier_fn(move |issued| {
                let age = seconds.saturating_sub(issued.timestamp());
                let fits = (-CLOCK_SKEW_SECONDS..=TOKEN_AGE_MAX_SECONDS + CLOCK_SKEW_SECONDS).contains(&age);
                if fits { Ok(()) } else { Err(format!("made {age} s ago")) }
            });
        let claims = token.claims(&verifier, nonce).map_err(Unverified::from)?;
        let other_party = claims.authorized_party().is_some_and(|party| party.as_str() != self.config.client_id);
        if other_party {
            return Err(Unverified::Other("the token was made for another client".to_owned()));
        }
        if let Some(expected) = claims.access_token_hash() {
            let hash = token.signing_alg().map_err(ClaimsVerificationError::SignatureVerification).and_then(|alg| {
                let key = token.signing_key(&verifier).map_err(ClaimsVerificationError::SignatureVerification)?;
                AccessTokenHash::from_token(tokens.access_token(), alg, key)
                    .map_err(|e| ClaimsVerificationError::Other(e.to_string()))
            });
            if hash.map_err(Unverified::from)? != *expected {
                return Err(Unverified::Other("the access token is not the one that the ID token names".to_owned()));
            }
        }
        Ok(claims.clone())
    }

    /// Asks the userinfo endpoint when the token does not say what the configuration needs.
    async fn complete(
        &self,
        person: &mut Claims,
        metadata: &Metadata,
        tokens: &Tokens,
        claims: &TokenClaims,
    ) -> Result<(), OidcError> {
        let groups_missing = self.config.roles.claim.as_ref().is_some_and(|claim| !person.others.contains_key(claim));
        let complete = person.name.is_some() && person.email.is_some() && !groups_missing;
        if complete || metadata.userinfo_endpoint().is_none() {
            return Ok(());
        }
        let client = self.client(metadata);
        let request = client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(|e| OidcError::Provider(e.to_string()))?;
        let info = request.request_async(&self.http).await.map_err(|error| match error {
            openidconnect::UserInfoError::ClaimsVerification(error) => OidcError::Invalid(format!("userinfo: {error}")),
            openidconnect::UserInfoError::Request(error) => OidcError::Provider(format!("userinfo: {error}")),
            // The rest may quote what the provider sent.
            _ => OidcError::Provider("userinfo: not a standard answer".to_owned()),
        })?;
        person.complete(&info);
        Ok(())
    }

    fn client(&self, metadata: &Metadata) -> OurClient {
        let id = ClientId::new(self.config.client_id.clone());
        let client = OurClient::from_provider_metadata(metadata.clone(), id, self.secret.clone());
        let methods = metadata.token_endpoint_auth_methods_supported().cloned().unwrap_or_default();
        let in_the_body = methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic);
        let how = if in_the_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        client.set_redirect_uri(self.redirect.clone()).set_auth_type(how)
    }

    /// What the provider says about itself, not older than `age_max`. One request at a time, whoever asks.
    async fn metadata(&self, now: Instant, age_max: Duration) -> Result<Arc<Metadata>, OidcError> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref()
            && now.saturating_duration_since(known.fetched) < age_max
        {
            return Ok(Arc::clone(&known.metadata));
        }
        let fetched = Metadata::discover_async(self.issuer.clone(), &self.http).await.map_err(explained)?;
        let metadata = Arc::new(fetched);
        *known = Some(Known { metadata: Arc::clone(&metadata), fetched: now });
        Ok(metadata)
    }
}

/// Why a token is not accepted.
enum Unverified {
    /// No known key fits: newer ones may.
    Key(String),
    /// Nothing will help.
    Other(String),
}

impl From<ClaimsVerificationError> for Unverified {
    fn from(error: ClaimsVerificationError) -> Self {
        match &error {
            ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey
                | SignatureVerificationError::AmbiguousKeyId(_)
                | SignatureVerificationError::CryptoError(_),
            ) => Self::Key(with_causes(&error)),
            // It quotes the nonce of the token.
            ClaimsVerificationError::InvalidNonce(_) => Self::Other("the nonce is that of another sign-in".to_owned()),
            _ => Self::Other(with_causes(&error)),
        }
    }
}

impl From<Unverified> for OidcError {
    fn from(why: Unverified) -> Self {
        match why {
            Unverified::Key(what) | Unverified::Other(what) => Self::Invalid(what),
        }
    }
}

/// The issuer of the answer must be ours; a provider that always says it must say it (RFC 9207 section 2.4).
fn check_issuer(answer: &OidcAnswer, metadata: &Metadata) -> Result<(), OidcError> {
    let always = metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match &answer.iss {
        Some(iss) if iss == metadata.issuer().as_str() => Ok(()),
        Some(_) => Err(OidcError::Invalid("the answer is that of another provider".to_owned())),
        None if always => Err(OidcError::Invalid("the answer does not say which provider it is of".to_owned())),
        None => Ok(()),
    }
}

/// The error codes of RFC 6749 sections 4.1.2.1 and 5.2 are repeated, and no other text from outside.
fn known_error(error: &str) -> String {
    let short = error.len() <= 64 && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if short { error.to_owned() } else { "an error without a code".to_owned() }
}

fn explained(error: DiscoveryError<HttpError>) -> OidcError {
    OidcError::Provider(match error {
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Response(status, _, _) => format!("its description: HTTP status {status}"),
        DiscoveryError::Parse(error) => format!("its description: {error}"),
        other => other.to_string(),
    })
}

fn system_time(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// What a provider may say beyond OpenID Connect Discovery.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct MoreMetadata {
    /// RFC 9207 section 3.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;
type TokenClaims = IdTokenClaims<OtherClaims, CoreGenderClaim>;
type TokenFields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<TokenFields, CoreTokenType>;
type OurClient = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
