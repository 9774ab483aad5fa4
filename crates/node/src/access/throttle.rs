//! Slowing down whoever guesses passwords, and limits of requests by address. No clock of its own: the caller passes the time.
//!
//! Three counters stand behind a sign-in (NIST SP 800-63B-4 section 3.2.2; OWASP Authentication Cheat Sheet):
//!
//! | counter | wrong passwords without delay | longest delay | stops |
//! |---|---|---|---|
//! | account and address | [`PAIR_FREE`] | [`PAIR_DELAY_MAX`] | guessing at one account |
//! | address | [`ADDRESS_FREE`] | [`ADDRESS_DELAY_MAX`] | trying one password at many accounts |
//! | account | [`ACCOUNT_FREE`] | [`ACCOUNT_DELAY_MAX`] | guessing from many addresses |
//!
//! The last one does not hold for addresses from which the account has signed in lately, so that nobody elsewhere can keep a
//! person out who sits at the usual desk; and its longest delay is short, so that a person on the road comes in after it.
//! Nothing is locked for ever: each counter forgets.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

/// Wrong passwords for one account from one address before there is a delay.
pub const PAIR_FREE: u32 = 5;
/// Longest delay for one account from one address.
pub const PAIR_DELAY_MAX: Duration = Duration::from_secs(15 * 60);
/// Wrong passwords from one address before there is a delay: several people may share it.
pub const ADDRESS_FREE: u32 = 30;
/// Longest delay for one address.
pub const ADDRESS_DELAY_MAX: Duration = Duration::from_secs(15 * 60);
/// Wrong passwords for one account from anywhere before there is a delay.
pub const ACCOUNT_FREE: u32 = 20;
/// Longest delay for one account from addresses that it has not used lately.
pub const ACCOUNT_DELAY_MAX: Duration = Duration::from_secs(30);
/// The delay after the first wrong password that is one too many; it doubles with each further one.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// A counter forgets all after so long without a wrong password.
const FORGET_AFTER: Duration = Duration::from_secs(60 * 60);
/// How long an address counts as one that an account uses.
const FAMILIAR_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Most counters of each kind.
const ENTRIES_MAX: usize = 65_536;

/// It is too early: the caller is to come back after this time.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("too many attempts: again after {} s", .0.as_secs() + 1)]
pub struct TooSoon(pub Duration);

impl TooSoon {
    /// The stable code, under which title and hint are found.
    pub const CODE: &str = "SKM-E-0159";

    /// The value of `Retry-After`, in whole seconds, never zero (RFC 9110 section 10.2.3).
    #[must_use]
    pub const fn retry_after_seconds(self) -> u64 {
        self.0.as_secs() + 1
    }
}

/// An address as it is counted: IPv4 whole, IPv6 by its /64, which is one household or one machine (RFC 6177, RFC 8981).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into()),
            v4 => Self(v4),
        }
    }
}

/// The counters of sign-in. Names of accounts that do not exist are counted in the same way.
pub struct Throttle {
    state: Mutex<State>,
    names: RandomState,
}

struct State {
    pairs: Bounded<(u64, Client), Strikes>,
    addresses: Bounded<Client, Strikes>,
    accounts: Bounded<u64, Strikes>,
    familiar: Bounded<(u64, Client), Since>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::with_entries_max(ENTRIES_MAX)
    }
}

impl Throttle {
    fn with_entries_max(most: usize) -> Self {
        let state = State {
            pairs: Bounded::new(most),
            addresses: Bounded::new(most),
            accounts: Bounded::new(most),
            familiar: Bounded::new(most),
        };
        Self { state: Mutex::new(state), names: RandomState::new() }
    }

    /// Lets one attempt through, which counts as a wrong password until [`Throttle::succeeded`] takes it back: so attempts
    /// at the same moment are counted before any of them was checked.
    ///
    /// # Errors
    /// When it is too early. That attempt is not counted, so that waiting always helps.
    pub fn attempt(&self, account: &str, from: IpAddr, now: Instant) -> Result<(), TooSoon> {
        let (account, from) = (self.key(account), Client::from(from));
        let mut state = locked(&self.state);
        let familiar = state.familiar.get(&(account, from), now).is_some();
        let waits = [
            state.pairs.get(&(account, from), now).map(|s| s.wait(&PAIR, now)),
            state.addresses.get(&from, now).map(|s| s.wait(&ADDRESS, now)),
            state.accounts.get(&account, now).filter(|_| !familiar).map(|s| s.wait(&ACCOUNT, now)),
        ];
        let wait = waits.into_iter().flatten().max().unwrap_or_default();
        if !wait.is_zero() {
            return Err(TooSoon(wait));
        }
        state.pairs.entry((account, from), now).add(now);
        state.addresses.entry(from, now).add(now);
        // What is guessed from a familiar address is stopped by the pair, and must not delay the others.
        if !familiar {
            state.accounts.entry(account, now).add(now);
        }
        Ok(())
    }

    /// The password was right: the attempt is taken back, and the address becomes one that this account uses.
    pub fn succeeded(&self, account: &str, from: IpAddr, now: Instant) {
        let (account, from) = (self.key(account), Client::from(from));
        let mut state = locked(&self.state);
        state.pairs.remove(&(account, from));
        // Not all that was counted: one who has an account could guess at the others in between.
        state.addresses.entry(from, now).take_back();
        if state.familiar.get(&(account, from), now).is_none() {
            state.accounts.entry(account, now).take_back();
        }
        *state.familiar.entry((account, from), now) = Since(Some(now));
    }

    /// The account's password was changed or reset: no address counts as familiar and nothing as guessed any more.
    pub fn forget(&self, account: &str) {
        let account = self.key(account);
        let mut state = locked(&self.state);
        state.accounts.remove(&account);
        state.pairs.map.retain(|(other, _), _| *other != account);
        state.familiar.map.retain(|(other, _), _| *other != account);
    }

    /// A digest with a key that nobody outside knows: names may be long, and must not be chosen to collide.
    fn key(&self, account: &str) -> u64 {
        self.names.hash_one(account.trim().to_lowercase())
    }
}

/// How one counter delays.
struct Rule {
    free: u32,
    delay_max: Duration,
}

const PAIR: Rule = Rule { free: PAIR_FREE, delay_max: PAIR_DELAY_MAX };
const ADDRESS: Rule = Rule { free: ADDRESS_FREE, delay_max: ADDRESS_DELAY_MAX };
const ACCOUNT: Rule = Rule { free: ACCOUNT_FREE, delay_max: ACCOUNT_DELAY_MAX };

/// Wrong passwords in a row.
#[derive(Clone, Copy, Default)]
struct Strikes {
    count: u32,
    last: Option<Instant>,
}

impl Strikes {
    fn add(&mut self, now: Instant) {
        self.count = self.count.saturating_add(1);
        self.last = Some(now);
    }

    fn take_back(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    fn wait(&self, rule: &Rule, now: Instant) -> Duration {
        let Some(excess) = self.count.checked_sub(rule.free) else { return Duration::ZERO };
        let delay = FIRST_DELAY.saturating_mul(2_u32.saturating_pow(excess)).min(rule.delay_max);
        let gone = self.last.map_or(Duration::MAX, |last| now.saturating_duration_since(last));
        delay.saturating_sub(gone)
    }
}

impl Forgets for Strikes {
    fn is_stale(&self, now: Instant) -> bool {
        self.count == 0 || self.last.is_none_or(|last| now.saturating_duration_since(last) >= FORGET_AFTER)
    }

    fn weight(&self) -> (u32, Option<Instant>) {
        (self.count, self.last)
    }
}

/// When an account last signed in from an address.
#[derive(Clone, Copy, Default)]
struct Since(Option<Instant>);

impl Forgets for Since {
    fn is_stale(&self, now: Instant) -> bool {
        self.0.is_none_or(|last| now.saturating_duration_since(last) >= FAMILIAR_FOR)
    }

    fn weight(&self) -> (u32, Option<Instant>) {
        (0, self.0)
    }
}

/// So many requests in so long, for each address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests at once, and in each span.
    pub requests: u32,
    /// The span in which that many come back.
    pub each: Duration,
}

/// Requests by address: a token bucket that is full at first. Kept as the one moment at which it would be full again (GCRA).
pub struct RateLimit {
    rate: Rate,
    buckets: Mutex<Bounded<Client, FullAt>>,
}

impl RateLimit {
    /// A limit for a public page on which people type: ten a minute.
    pub const CHECK: Rate = Rate { requests: 10, each: Duration::from_secs(60) };
    /// A limit for everything that answers without sign-in.
    pub const PUBLIC: Rate = Rate { requests: 300, each: Duration::from_secs(60) };

    /// An empty limit.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::new(Bounded::new(ENTRIES_MAX)) }
    }

    /// Takes one request from the bucket of this address.
    ///
    /// # Errors
    /// When the bucket is empty, with the time until there is one again.
    pub fn take(&self, from: IpAddr, now: Instant) -> Result<(), TooSoon> {
        let one = self.rate.each / self.rate.requests.max(1);
        let mut buckets = locked(&self.buckets);
        let bucket = buckets.entry(Client::from(from), now);
        let full_at = bucket.0.map_or(now, |at| at.max(now)) + one;
        let over = full_at.saturating_duration_since(now).saturating_sub(self.rate.each);
        if over.is_zero() {
            bucket.0 = Some(full_at);
            return Ok(());
        }
        Err(TooSoon(over))
    }
}

/// When a bucket is full again.
#[derive(Clone, Copy, Default)]
struct FullAt(Option<Instant>);

impl Forgets for FullAt {
    fn is_stale(&self, now: Instant) -> bool {
        self.0.is_none_or(|at| at <= now)
    }

    fn weight(&self) -> (u32, Option<Instant>) {
        (0, self.0)
    }
}

/// What a [`Bounded`] map may lose.
trait Forgets: Copy + Default {
    /// True when losing it changes nothing.
    fn is_stale(&self, now: Instant) -> bool;
    /// The lightest are lost first when the map is full of what matters.
    fn weight(&self) -> (u32, Option<Instant>);
}

/// A map that never has more than so many entries. When it is full, one in sixteen goes: the stale ones, then the lightest.
struct Bounded<K, V> {
    map: HashMap<K, V>,
    most: usize,
}

impl<K: Eq + Hash + Copy, V: Forgets> Bounded<K, V> {
    fn new(most: usize) -> Self {
        Self { map: HashMap::new(), most }
    }

    fn get(&self, key: &K, now: Instant) -> Option<&V> {
        self.map.get(key).filter(|value| !value.is_stale(now))
    }

    /// The entry of this key; a new or a stale one begins at nothing.
    fn entry(&mut self, key: K, now: Instant) -> &mut V {
        if self.map.len() >= self.most && !self.map.contains_key(&key) {
            self.make_room(now);
        }
        let value = self.map.entry(key).or_default();
        if value.is_stale(now) {
            *value = V::default();
        }
        value
    }

    fn remove(&mut self, key: &K) {
        self.map.remove(key);
    }

    fn make_room(&mut self, now: Instant) {
        self.map.retain(|_, value| !value.is_stale(now));
        let enough = self.most - self.most.div_ceil(16);
        let Some(excess) = self.map.len().checked_sub(enough).filter(|excess| *excess > 0) else { return };
        let mut by_weight: Vec<_> = self.map.iter().map(|(key, value)| (value.weight(), *key)).collect();
        by_weight.select_nth_unstable_by_key(excess - 1, |(weight, _)| *weight);
        for (_, key) in by_weight.iter().take(excess) {
            self.map.remove(key);
        }
    }
}

/// Counters are right after each statement, so that a panic elsewhere does no harm to them.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn v4(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from(0x0a00_0000 + n).into()
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// Attempts as fast as they are let through, until `until`; how many there were.
    fn guess(throttle: &Throttle, account: &str, from: IpAddr, start: Instant, until: Duration) -> u32 {
        let (mut now, mut guesses) = (start, 0);
        while now < start + until {
            match throttle.attempt(account, from, now) {
                Ok(()) => guesses += 1,
                Err(TooSoon(wait)) => now += wait,
            }
        }
        guesses
    }

    #[test]
    fn the_delay_doubles_and_ends() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for _ in 0..PAIR_FREE {
            assert_eq!(throttle.attempt("hanako", v4(1), start), Ok(()));
        }
        let mut now = start;
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(throttle.attempt("hanako", v4(1), now), Err(TooSoon(seconds(expected))));
            now += seconds(expected);
            assert_eq!(throttle.attempt("hanako", v4(1), now), Ok(()));
        }
        assert_eq!(throttle.attempt("Hanako ", v4(1), now), Err(TooSoon(seconds(900))), "the same account");
        assert_eq!(throttle.attempt("hanako", v4(1), now + FORGET_AFTER), Ok(()));
        assert_eq!(throttle.attempt("hanako", v4(1), now + FORGET_AFTER), Ok(()), "all is forgotten");
        assert_eq!(TooSoon(Duration::from_millis(1)).retry_after_seconds(), 1);
    }

    #[test]
    fn a_day_of_guessing_gives_few_guesses() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let guesses = guess(&throttle, "hanako", v4(1), start, seconds(86_400));
        assert!(guesses < 120, "{guesses}");
    }

    #[test]
    fn one_password_at_many_accounts_is_slowed_down() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let let_through = (0..1000).filter(|n| throttle.attempt(&format!("user{n}"), v4(1), start).is_ok()).count();
        assert_eq!(let_through, ADDRESS_FREE as usize);
        assert_eq!(throttle.attempt("hanako", v4(2), start), Ok(()), "another address");
    }

    #[test]
    fn many_addresses_share_the_delay_of_the_account() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let let_through = (0..1000).filter(|n| throttle.attempt("hanako", v4(*n), start).is_ok()).count();
        assert_eq!(let_through, ACCOUNT_FREE as usize);
        // A million addresses: one guess in each longest delay.
        let mut now = start;
        let mut guesses = 0_u32;
        for n in 1000..2000 {
            now += seconds(5);
            guesses += u32::from(throttle.attempt("hanako", v4(n), now).is_ok());
        }
        assert!(guesses < 5000 / 30 + 10, "{guesses}");
    }

    #[test]
    fn nobody_elsewhere_keeps_a_person_out() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        assert_eq!(throttle.attempt("hanako", v4(7), start), Ok(()));
        throttle.succeeded("hanako", v4(7), start);
        let mut now = start;
        for n in 100..1100 {
            now += seconds(1);
            let _ = throttle.attempt("hanako", v4(n), now);
        }
        assert_eq!(throttle.attempt("hanako", v4(7), now), Ok(()), "the usual desk");
        throttle.succeeded("hanako", v4(7), now);
        assert!(throttle.attempt("hanako", v4(8), now).is_err());
        assert_eq!(throttle.attempt("hanako", v4(8), now + ACCOUNT_DELAY_MAX), Ok(()), "on the road");
        throttle.forget("hanako");
        assert_eq!(throttle.attempt("hanako", v4(9), now), Ok(()));
    }

    #[test]
    fn success_takes_back_what_was_counted() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for _ in 0..1000 {
            assert_eq!(throttle.attempt("hanako", v4(1), start), Ok(()));
            throttle.succeeded("hanako", v4(1), start);
        }
        // An own account does not hide guesses at others.
        let mut let_through = 0;
        for n in 0..1000 {
            let_through += u32::from(throttle.attempt(&format!("user{n}"), v4(1), start).is_ok());
            if throttle.attempt("hanako", v4(1), start).is_ok() {
                throttle.succeeded("hanako", v4(1), start);
            }
        }
        assert_eq!(let_through, ADDRESS_FREE);
    }

    #[test]
    fn addresses_of_one_network_are_one() {
        let one: IpAddr = "2001:db8:1:2::1".parse().expect("an address");
        let same: IpAddr = "2001:db8:1:2:ffff::9".parse().expect("an address");
        let other: IpAddr = "2001:db8:1:3::1".parse().expect("an address");
        assert_eq!(Client::from(one), Client::from(same));
        assert_ne!(Client::from(one), Client::from(other));
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().expect("an address");
        assert_eq!(Client::from(mapped), Client::from(v4(1)));
    }

    #[test]
    fn a_bucket_fills_again() {
        let (limit, start) = (RateLimit::new(RateLimit::CHECK), Instant::now());
        for _ in 0..10 {
            assert_eq!(limit.take(v4(1), start), Ok(()));
        }
        assert_eq!(limit.take(v4(1), start), Err(TooSoon(seconds(6))));
        assert_eq!(limit.take(v4(2), start), Ok(()));
        assert_eq!(limit.take(v4(1), start + seconds(6)), Ok(()));
        assert!(limit.take(v4(1), start + seconds(6)).is_err());
        assert_eq!((0..20).filter(|_| limit.take(v4(1), start + seconds(600)).is_ok()).count(), 10);
    }

    #[test]
    fn what_is_known_to_guess_outlives_a_flood() {
        let (throttle, start) = (Throttle::with_entries_max(64), Instant::now());
        for _ in 0..PAIR_FREE {
            assert_eq!(throttle.attempt("hanako", v4(1), start), Ok(()));
        }
        for n in 0..10_000 {
            let _ = throttle.attempt(&format!("user{n}"), v4(1000 + n), start);
        }
        assert!(throttle.attempt("hanako", v4(1), start).is_err());
        let state = locked(&throttle.state);
        let sizes = [state.pairs.map.len(), state.addresses.map.len(), state.accounts.map.len()];
        assert!(sizes.iter().all(|size| *size <= 64), "{sizes:?}");
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate(requests in 1_u32..50, each in 1_u64..600, gaps in proptest::collection::vec(0_u64..5_000, 1..300)) {
            let rate = Rate { requests, each: seconds(each) };
            let (limit, start) = (RateLimit::new(rate), Instant::now());
            let mut now = start;
            let mut taken = 0_u128;
            for gap in gaps {
                now += Duration::from_millis(gap);
                taken += u128::from(limit.take(v4(1), now).is_ok());
                // A full bucket at first, and what came back since. One more for rounding.
                let most = u128::from(requests) + (now - start).as_millis() * u128::from(requests) / u128::from(each * 1000) + 1;
                prop_assert!(taken <= most, "{taken} > {most}");
            }
        }

        #[test]
        fn waiting_as_told_always_helps(steps in proptest::collection::vec((0_u32..4, 0_u32..6, 0_u64..100, any::<bool>()), 1..200)) {
            let (throttle, mut now) = (Throttle::with_entries_max(16), Instant::now());
            for (account, from, gap, right) in steps {
                now += seconds(gap);
                let (account, from) = (format!("user{account}"), v4(from));
                if let Err(TooSoon(wait)) = throttle.attempt(&account, from, now) {
                    prop_assert!(wait <= PAIR_DELAY_MAX);
                    now += wait;
                    prop_assert_eq!(throttle.attempt(&account, from, now), Ok(()));
                }
                if right {
                    throttle.succeeded(&account, from, now);
                }
            }
        }
    }
}
