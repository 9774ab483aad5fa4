//! Sign-ins that were begun and not ended: few, short-lived, each for one browser and one use.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use sakimori_model::Digest;

use crate::access::secret::same;

/// How long a person may take at the provider's page.
pub const SIGN_IN_LASTS: Duration = Duration::from_secs(10 * 60);
/// Most sign-ins that are under way. One more pushes out the oldest.
pub const SIGN_INS_MAX: usize = 4_096;

/// A sign-in that was begun.
pub(super) struct Pending {
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
    state: Digest,
    began: Instant,
}

impl Pending {
    pub(super) fn new(state: &CsrfToken, nonce: Nonce, verifier: PkceCodeVerifier, now: Instant) -> Self {
        Self { nonce, verifier, state: Digest::of(state.secret().as_bytes()), began: now }
    }
}

/// By the digest of the cookie of the browser that began them.
#[derive(Default)]
pub(super) struct PendingSignIns(Mutex<HashMap<Digest, Pending>>);

impl PendingSignIns {
    pub(super) fn begin(&self, browser: Digest, pending: Pending, now: Instant) {
        let mut all = self.locked();
        if all.len() >= SIGN_INS_MAX {
            all.retain(|_, pending| is_alive(pending, now));
        }
        if all.len() >= SIGN_INS_MAX
            && let Some(oldest) = all.iter().min_by_key(|(_, pending)| pending.began).map(|(browser, _)| *browser)
        {
            all.remove(&oldest);
        }
        all.insert(browser, pending);
    }

    /// Takes the sign-in that this browser began with this state: it can't be taken again. One with another state stays, so that
    /// a page elsewhere can't end a sign-in by sending the browser here.
    pub(super) fn take(&self, browser: &Digest, state: &str, now: Instant) -> Option<Pending> {
        let mut all = self.locked();
        let pending = all.get(browser)?;
        if !same(&pending.state, &Digest::of(state.as_bytes())) {
            return None;
        }
        all.remove(browser).filter(|pending| is_alive(pending, now))
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Digest, Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_alive(pending: &Pending, now: Instant) -> bool {
    now.saturating_duration_since(pending.began) < SIGN_IN_LASTS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(all: &PendingSignIns, browser: u32, now: Instant) -> Digest {
        let browser = Digest::of(&browser.to_be_bytes());
        let verifier = PkceCodeVerifier::new("v".repeat(43));
        all.begin(
            browser,
            Pending::new(&CsrfToken::new("state".to_owned()), Nonce::new("n".to_owned()), verifier, now),
            now,
        );
        browser
    }

    #[test]
    fn once_for_one_browser_and_not_for_long() {
        let (all, now) = (PendingSignIns::default(), Instant::now());
        let browser = begin(&all, 1, now);
        assert!(all.take(&Digest::of(b"another"), "state", now).is_none());
        assert!(all.take(&browser, "another", now).is_none());
        assert!(all.take(&browser, "state", now).is_some());
        assert!(all.take(&browser, "state", now).is_none(), "a second time");
        let browser = begin(&all, 1, now);
        assert!(all.take(&browser, "state", now + SIGN_IN_LASTS).is_none(), "too late");
        assert!(all.take(&browser, "state", now).is_none(), "and gone");
    }

    #[test]
    fn a_flood_pushes_out_the_oldest() {
        let (all, start) = (PendingSignIns::default(), Instant::now());
        let mut browsers = Vec::new();
        for n in 0..SIGN_INS_MAX + 10 {
            let n = u32::try_from(n).expect("small");
            browsers.push(begin(&all, n, start + Duration::from_millis(u64::from(n))));
        }
        assert_eq!(all.locked().len(), SIGN_INS_MAX);
        assert!(all.take(&browsers[9], "state", start).is_none());
        assert!(all.take(&browsers[10], "state", start).is_some());
        let late = start + 2 * SIGN_IN_LASTS;
        begin(&all, 1 << 30, late);
        begin(&all, 1 << 31, late);
        assert_eq!(all.locked().len(), 2, "the old ones are gone at once");
    }
}
