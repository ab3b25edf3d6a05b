//! What an answer asks for: to be taken, to be asked again, or to wait for a rate limit.
//!
//! GitHub's limits, <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>:
//! a 403 or a 429 with `retry-after`, else with `x-ratelimit-remaining: 0` and the UTC second
//! `x-ratelimit-reset`, else, of a secondary limit, a minute, and longer each further time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// What is to be done about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It is an answer, if perhaps a refusal.
    Take,
    /// It says where else to ask.
    Redirect,
    /// A passing fault: ask again.
    Again,
    /// A limit is reached: ask again at this time.
    Wait(Timestamp),
}

/// The wait that a secondary limit without a time of its own asks for, at first.
const SECONDARY_WAIT: SignedDuration = SignedDuration::from_mins(1);

/// Decides about an answer by its status and headers; of a 403 the body tells a limit from a refusal.
pub(super) fn step(status: u16, headers: &HeaderMap, body: &str, now: Timestamp) -> Step {
    match status {
        301 | 302 | 303 | 307 | 308 => Step::Redirect,
        403 | 429 | 503 => match told_wait(headers, now) {
            Some(until) => Step::Wait(until),
            None if status == 503 => Step::Again,
            None if status == 429 || body.to_ascii_lowercase().contains("rate limit") => {
                Step::Wait(later(now, SECONDARY_WAIT))
            }
            None => Step::Take,
        },
        408 | 500..=599 => Step::Again,
        _ => Step::Take,
    }
}

/// When the limit that the headers tell of is over; `None` if they tell of none.
fn told_wait(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    text(RETRY_AFTER.as_str())
        .and_then(|text| retry_after(text, now))
        .or_else(|| spent(headers, now))
}

/// When an allowance that this answer has used up is renewed: the next request would be refused.
pub(super) fn spent(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    if number("x-ratelimit-remaining") != Some(0) {
        return None;
    }
    let reset = Timestamp::from_second(number("x-ratelimit-reset")?).ok()?;
    // A second more: the two clocks need not agree.
    Some(later(reset.max(now), SignedDuration::from_secs(1)))
}

/// The time that `Retry-After` names: seconds from now, or a date (RFC 9110, 10.2.3).
fn retry_after(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(later(now, SignedDuration::from_secs(i64::from(seconds))));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(date.timestamp().max(now))
}

fn later(time: Timestamp, wait: SignedDuration) -> Timestamp {
    time.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// How long it is until then; no time at all if it is past.
pub(super) fn until(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn now() -> Timestamp {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    fn wait(status: u16, pairs: &[(&str, &str)], body: &str) -> Option<u64> {
        match step(status, &headers(pairs), body, now()) {
            Step::Wait(then) => Some(until(then, now()).as_secs()),
            _ => None,
        }
    }

    #[test]
    fn a_limit_says_how_long_it_lasts() {
        let reset = (now().as_second() + 90).to_string();
        let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset.as_str())];
        for (status, headers, body, seconds) in [
            (403, &spent[..], "", 91),
            (429, &spent[..], "", 91),
            (403, &[("retry-after", "7")][..], "", 7),
            (429, &[("retry-after", "7"), spent[0], spent[1]][..], "", 7),
            (503, &[("retry-after", "7")][..], "", 7),
            (429, &[("retry-after", "Mon, 01 Jun 2026 12:00:30 GMT")][..], "", 30),
            (429, &[("retry-after", "Mon, 01 Jun 2026 11:00:00 GMT")][..], "", 0),
            (429, &[][..], "", 60),
            (429, &[("retry-after", "soon")][..], "", 60),
            (403, &[][..], "You have exceeded a secondary rate limit.", 60),
        ] {
            assert_eq!(wait(status, headers, body), Some(seconds), "{status} {headers:?}");
        }
    }

    #[test]
    fn a_refusal_is_no_limit_and_a_fault_passes() {
        let left = [("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "1780315290")];
        for (status, expected) in [
            (200, Step::Take),
            (401, Step::Take),
            (403, Step::Take),
            (404, Step::Take),
            (410, Step::Take),
            (302, Step::Redirect),
            (304, Step::Take),
            (500, Step::Again),
            (502, Step::Again),
            (503, Step::Again),
        ] {
            assert_eq!(step(status, &headers(&left), "no", now()), expected, "{status}");
        }
    }

    #[test]
    fn a_spent_allowance_is_seen_before_the_refusal() {
        let reset = (now().as_second() - 5).to_string();
        let seen = |remaining: &str, reset: &str| {
            let pairs = [("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)];
            spent(&headers(&pairs), now()).map(|then| until(then, now()).as_secs())
        };
        assert_eq!(seen("0", &reset), Some(1));
        assert_eq!(seen("1", &reset), None);
        assert_eq!(seen("0", "99999999999999999"), None);
    }

    proptest! {
        #[test]
        fn any_headers_are_survived(
            status in 100u16..600, name in 0usize..3, value in "[ -~]*", body in ".*",
        ) {
            let name = ["retry-after", "x-ratelimit-reset", "x-ratelimit-remaining"][name];
            let pairs = headers(&[(name, value.as_str())]);
            if let Step::Wait(then) = step(status, &pairs, &body, now()) {
                prop_assert!(then >= now());
            }
        }
    }
}
