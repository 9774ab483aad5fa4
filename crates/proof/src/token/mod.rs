//! Keys in a token that speaks PKCS#11 (OASIS PKCS #11 3.1): a hardware security module, a smart card, or SoftHSM. The private half
//! never leaves it; what signs is the token.

mod uri;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use ed25519_dalek::{Signature, VerifyingKey};

use self::uri::TokenUri;
use crate::key::TRIED;
use crate::limits::PIN_BYTES_MAX;
use crate::signer::{Private, SignCause, SignError, Signer};

/// The variable of the environment with the PIN, where the URI names no file with it.
const PIN_VARIABLE: &str = "SAKIMORI_TOKEN_PIN";
/// `CKA_EC_PARAMS` of Ed25519 as an object identifier (RFC 8410, section 3), and as a name (PKCS #11 2.40 drafts, SoftHSM 2.6).
const ED25519: [&[u8]; 2] = [&[0x06, 0x03, 0x2b, 0x65, 0x70], b"\x13\x0cedwards25519"];

const HALF: &str = "one half of such a key is there, as after an interrupted --generate: delete it (pkcs11-tool --delete-object), or choose another label";

/// A private key in a token. A connection is made when the first signature is wanted, and made again when the token has gone away
/// in between. A PIN that was refused is not tried again by this process: a few tries lock a token.
pub(crate) struct TokenKey {
    uri: TokenUri,
    public: VerifyingKey,
    state: Mutex<State>,
}

enum State {
    Closed,
    Open(Open),
    /// The PIN was refused.
    Refused(SignError),
}

/// A session in which the key was found.
struct Open {
    session: Session,
    key: ObjectHandle,
    /// Since when the module was not begun anew: afterwards the numbers of sessions are those of others.
    generation: u64,
}

impl TokenKey {
    /// The key that a key file says is there. The token is not asked.
    pub fn known(uri: &str, public: VerifyingKey) -> Result<Self, SignError> {
        Ok(Self { uri: TokenUri::parse(uri)?, public, state: Mutex::new(State::Closed) })
    }

    /// The key that is there. A signature shows that it can be used.
    pub fn find(uri: &str) -> Result<Self, SignError> {
        Self::opened(TokenUri::parse(uri)?, |connection| {
            let public = connection.key(ObjectClass::PUBLIC_KEY)?;
            let private = connection.key(ObjectClass::PRIVATE_KEY)?;
            match (public, private) {
                (Some(public), Some(_)) => connection.public_of(public),
                (None, None) => Err(connection.no_key()),
                _ => Err(SignError { cause: SignCause::Name, ..connection.failed(HALF) }),
            }
        })
    }

    /// Makes a key pair in the token whose private half can't be taken out of it.
    pub fn generate(uri: &str) -> Result<Self, SignError> {
        Self::opened(TokenUri::parse(uri)?, |connection| {
            let [public, private] = [
                connection.key(ObjectClass::PUBLIC_KEY)?.is_some(),
                connection.key(ObjectClass::PRIVATE_KEY)?.is_some(),
            ];
            let refused = |problem: &str| Err(SignError { cause: SignCause::Name, ..connection.failed(problem) });
            match (public, private) {
                (false, false) => {}
                (true, true) => {
                    return refused(
                        "there is such a key already, and a key is never overwritten: use it as it is, without --generate, or choose another label",
                    );
                }
                _ => return refused(HALF),
            }
            connection.generate()
        })
    }

    fn opened(
        uri: TokenUri,
        public: impl FnOnce(&Connection<'_>) -> Result<VerifyingKey, SignError>,
    ) -> Result<Self, SignError> {
        let mut modules = modules();
        let connection = Connection::open(&uri, &mut modules)?;
        let found = public(&connection);
        connection.close();
        drop(modules);
        let key = Self { public: found?, uri, state: Mutex::new(State::Closed) };
        key.sign(TRIED)?;
        Ok(key)
    }

    /// Signs in the session that there is, or in a new one.
    fn sign_once(&self, modules: &mut Modules, state: &mut State, text: &[u8]) -> Result<[u8; 64], SignError> {
        let open = match state {
            State::Refused(error) => return Err(error.clone()),
            State::Open(open) if modules.generation(&self.uri.module) == Some(open.generation) => open,
            _ => match self.open(modules) {
                Ok(open) => {
                    *state = State::Open(open);
                    let State::Open(open) = state else { unreachable!("it was opened") };
                    open
                }
                Err(error) => {
                    let is_final = error.cause == SignCause::PinRefused;
                    *state = if is_final { State::Refused(error.clone()) } else { State::Closed };
                    return Err(error);
                }
            },
        };
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        let failed = |problem: String| SignError { place: self.uri.place(), problem, cause: SignCause::Unreachable };
        let signature = open.session.sign(&mechanism, open.key, text).map_err(|error| failed(error.to_string()))?;
        let signature: [u8; 64] =
            signature.try_into().map_err(|_| failed("its signature has another length than 64 bytes".to_owned()))?;
        // What nobody can verify must not be published.
        let holds = self.public.verify_strict(text, &Signature::from_bytes(&signature)).is_ok();
        if holds { Ok(signature) } else { Err(failed("its signature does not hold under the public key".to_owned())) }
    }

    fn open(&self, modules: &mut Modules) -> Result<Open, SignError> {
        let connection = Connection::open(&self.uri, modules)?;
        match connection.key(ObjectClass::PRIVATE_KEY).and_then(|key| key.ok_or_else(|| connection.no_key())) {
            Ok(key) => Ok(Open { key, session: connection.session, generation: connection.generation }),
            Err(error) => {
                connection.close();
                Err(error)
            }
        }
    }
}

impl Drop for TokenKey {
    fn drop(&mut self) {
        let state = std::mem::replace(self.state.get_mut().unwrap_or_else(PoisonError::into_inner), State::Closed);
        let modules = modules();
        if let State::Open(open) = state
            && modules.generation(&self.uri.module) == Some(open.generation)
        {
            let _ = open.session.close();
        }
    }
}

impl Signer for TokenKey {
    fn public(&self) -> VerifyingKey {
        self.public
    }

    fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignError> {
        // One at a time in this process: a module must not be begun anew while somebody uses it.
        let mut modules = modules();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match self.sign_once(&mut modules, &mut state, text) {
            // The token was restarted, or taken out and put in again: some modules see that only when they are begun anew.
            Err(error) if error.cause == SignCause::Unreachable => {
                modules.end(&self.uri.module);
                self.sign_once(&mut modules, &mut state, text)
            }
            result => result,
        }
    }

    fn private(&self) -> Private<'_> {
        Private::At(&self.uri.text)
    }
}

/// A session with the one token that fits. It is closed by hand: its number may be another one's after the module was begun anew.
struct Connection<'u> {
    uri: &'u TokenUri,
    session: Session,
    generation: u64,
}

impl<'u> Connection<'u> {
    fn open(uri: &'u TokenUri, modules: &mut Modules) -> Result<Self, SignError> {
        let failed = |problem: String, cause| SignError { place: uri.place(), problem, cause };
        let other = |error: Error| failed(error.to_string(), SignCause::Unreachable);
        let (module, generation) =
            modules.begun(&uri.module).map_err(|problem| failed(problem, SignCause::Unreachable))?;
        let mut fitting = Vec::new();
        for slot in module.get_slots_with_token().map_err(other)? {
            // Of one that is being taken out nothing is known.
            let Ok(info) = module.get_token_info(slot) else { continue };
            if info.token_initialized() && fits(uri, slot, &info) {
                fitting.push((slot, info));
            }
        }
        let (slot, info) = match fitting.as_slice() {
            [one] => one,
            [] => return Err(failed("there is no such token".to_owned(), SignCause::Unreachable)),
            several => {
                let problem = format!("{} tokens fit: name it more closely, by its serial", several.len());
                return Err(failed(problem, SignCause::Name));
            }
        };
        let session = module.open_rw_session_no_drop(*slot).or_else(|_| module.open_ro_session_no_drop(*slot));
        let connection = Self { uri, session: session.map_err(other)?, generation };
        match connection.log_in(info) {
            Ok(()) => Ok(connection),
            Err(error) => {
                connection.close();
                Err(error)
            }
        }
    }

    fn log_in(&self, info: &TokenInfo) -> Result<(), SignError> {
        let uri = self.uri;
        let failed = |problem: String, cause| SignError { place: uri.place(), problem, cause };
        if info.login_required() {
            let pin = match pin(uri).map_err(|problem| failed(problem, SignCause::Pin))? {
                // An empty one would be a wrong one, of which a token allows few.
                Some(pin) if !pin.is_empty() => Some(AuthPin::new(pin.into())),
                _ if info.protected_authentication_path() => None,
                _ => {
                    return Err(failed(
                        format!("it wants a PIN, and there is none in pin-source or {PIN_VARIABLE}"),
                        SignCause::Pin,
                    ));
                }
            };
            match self.session.login(UserType::User, pin.as_ref()) {
                Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
                Err(Error::Pkcs11(
                    refused @ (RvError::PinIncorrect
                    | RvError::PinLocked
                    | RvError::PinLenRange
                    | RvError::PinInvalid
                    | RvError::PinExpired),
                    _,
                )) => {
                    return Err(failed(format!("the PIN was refused ({refused:?})"), SignCause::PinRefused));
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }

    fn close(self) {
        // Nothing depends on it: the module closes all when it ends.
        let _ = self.session.close();
    }

    /// The one key of this class, if there is one.
    fn key(&self, class: ObjectClass) -> Result<Option<ObjectHandle>, SignError> {
        let mut wanted = vec![Attribute::Class(class), Attribute::KeyType(KeyType::EC_EDWARDS)];
        wanted.extend(self.uri.object.iter().map(|label| Attribute::Label(label.clone().into_bytes())));
        wanted.extend(self.uri.id.iter().map(|id| Attribute::Id(id.clone())));
        match self.session.find_objects(&wanted).map_err(|error| self.failed(error))?.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => {
                let problem = format!("{} keys fit: name it more closely, by its id", several.len());
                Err(SignError { cause: SignCause::Name, ..self.failed(problem) })
            }
        }
    }

    fn public_of(&self, key: ObjectHandle) -> Result<VerifyingKey, SignError> {
        let wanted = [AttributeType::EcPoint, AttributeType::EcParams];
        let attributes = self.session.get_attributes(key, &wanted).map_err(|error| self.failed(error))?;
        let is_ed25519 =
            attributes.iter().any(|found| matches!(found, Attribute::EcParams(of) if ED25519.contains(&&**of)));
        let point = attributes.iter().find_map(|found| match found {
            Attribute::EcPoint(point) => Some(point.as_slice()),
            _ => None,
        });
        // As an octet string in DER (PKCS #11 2.40), or bare (3.0, section 6.3.5).
        let point =
            point.map(|point| point.strip_prefix(&[0x04, 0x20]).filter(|bare| bare.len() == 32).unwrap_or(point));
        let point = point.and_then(|point| <&[u8; 32]>::try_from(point).ok());
        let public = point.filter(|_| is_ed25519).and_then(|point| VerifyingKey::from_bytes(point).ok());
        public.ok_or_else(|| SignError { cause: SignCause::Name, ..self.failed("the key is not an Ed25519 key") })
    }

    fn generate(&self) -> Result<VerifyingKey, SignError> {
        let mut named = vec![Attribute::Token(true)];
        named.extend(self.uri.object.iter().map(|label| Attribute::Label(label.clone().into_bytes())));
        named.extend(self.uri.id.iter().map(|id| Attribute::Id(id.clone())));
        let private = [
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        let private: Vec<Attribute> = named.iter().cloned().chain(private).collect();
        let mut result = Err(self.failed("it makes no Ed25519 keys"));
        for params in ED25519 {
            let public = [Attribute::Private(false), Attribute::Verify(true), Attribute::EcParams(params.to_vec())];
            let public: Vec<Attribute> = named.iter().cloned().chain(public).collect();
            match self.session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private) {
                Ok((public, _)) => return self.public_of(public),
                // It may know the curve by its other name.
                Err(error) => result = Err(self.failed(error)),
            }
        }
        result
    }

    fn no_key(&self) -> SignError {
        SignError { cause: SignCause::Name, ..self.failed("there is no such key in the token") }
    }

    fn failed(&self, problem: impl ToString) -> SignError {
        SignError { place: self.uri.place(), problem: problem.to_string(), cause: SignCause::Unreachable }
    }
}

fn fits(uri: &TokenUri, slot: Slot, info: &TokenInfo) -> bool {
    let fits = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
    fits(&uri.token, info.label())
        && fits(&uri.manufacturer, info.manufacturer_id())
        && fits(&uri.serial, info.serial_number())
        && fits(&uri.model, info.model())
        && uri.slot.is_none_or(|wanted| wanted == slot.id())
}

/// The modules that this process has begun (`C_Initialize`), each once at a time.
#[derive(Default)]
struct Modules {
    begun: HashMap<PathBuf, (Pkcs11, u64)>,
    /// How many were begun so far.
    count: u64,
}

fn modules() -> MutexGuard<'static, Modules> {
    static MODULES: LazyLock<Mutex<Modules>> = LazyLock::new(Mutex::default);
    MODULES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Modules {
    fn begun(&mut self, path: &Path) -> Result<(Pkcs11, u64), String> {
        if let Some(begun) = self.begun.get(path) {
            return Ok(begun.clone());
        }
        let shown = |problem: String| format!("{}: {problem}", path.display());
        // The loader's own words for a missing file are long.
        File::open(path).map_err(|error| shown(error.to_string()))?;
        let module = Pkcs11::new(path).map_err(|error| shown(error.to_string()))?;
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(shown(error.to_string())),
        }
        self.count += 1;
        Ok(self.begun.entry(path.to_owned()).insert_entry((module, self.count)).get().clone())
    }

    /// Ends a module with all its sessions; whoever needs it begins it anew.
    fn end(&mut self, path: &Path) {
        if let Some((module, _)) = self.begun.remove(path) {
            let _ = module.finalize();
        }
    }

    fn generation(&self, path: &Path) -> Option<u64> {
        self.begun.get(path).map(|(_, generation)| *generation)
    }
}

/// The PIN: of the file that the URI names, or of the environment.
fn pin(uri: &TokenUri) -> Result<Option<String>, String> {
    let Some(path) = &uri.pin else { return Ok(std::env::var(PIN_VARIABLE).ok()) };
    let failed = |problem: String| format!("the PIN in {}: {problem}", path.display());
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let mode = file.metadata().map_err(|error| failed(error.to_string()))?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(failed(format!("others can read it (mode {mode:04o}); chmod 600 {}", path.display())));
    }
    let mut text = String::new();
    file.take(PIN_BYTES_MAX).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    Ok(text.lines().next().map(str::to_owned))
}
