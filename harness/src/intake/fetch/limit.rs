//! The next step after an answer: accept it, follow it, ask again, or wait for a rate limit.
//!
//! GitHub's limits, <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>:
//! a 403 or a 429 with `retry-after`, or with `x-ratelimit-remaining: 0` and the UTC second
//! `x-ratelimit-reset`. A secondary limit may have neither; it asks for a minute, and longer each further time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The next step after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextStep {
    /// Accept the answer, which may be a refusal.
    Accept,
    /// Ask at another address.
    Redirect,
    /// Ask again, because the fault may pass.
    Retry,
    /// Ask again at this time, because a limit is reached.
    Wait(Timestamp),
}

/// The first wait for a secondary limit that names no time.
const SECONDARY_WAIT: SignedDuration = SignedDuration::from_mins(1);

/// Decides about an answer by its status and headers. Only the body tells the secondary limit of a 403 from a
/// refusal.
pub(super) fn next_step(status: u16, headers: &HeaderMap, body: &str, now: Timestamp) -> NextStep {
    match status {
        301 | 302 | 303 | 307 | 308 => NextStep::Redirect,
        403 | 429 | 503 => match end_of_limit(headers, now) {
            Some(until) => NextStep::Wait(until),
            None if status == 503 => NextStep::Retry,
            None if status == 429 || body.to_ascii_lowercase().contains("rate limit") => {
                NextStep::Wait(later(now, SECONDARY_WAIT))
            }
            None => NextStep::Accept,
        },
        408 | 500..=599 => NextStep::Retry,
        _ => NextStep::Accept,
    }
}

/// The time at which the limit in the headers ends; `None` if they state none.
fn end_of_limit(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    text(RETRY_AFTER.as_str())
        .and_then(|text| retry_after(text, now))
        .or_else(|| renewal_of_spent_allowance(headers, now))
}

/// The time at which the allowance of requests is renewed, if this answer used it up. The next request before
/// that time would be refused.
pub(super) fn renewal_of_spent_allowance(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    if number("x-ratelimit-remaining") != Some(0) {
        return None;
    }
    let reset = Timestamp::from_second(number("x-ratelimit-reset")?).ok()?;
    // One second more, because the two clocks may differ.
    Some(later(reset.max(now), SignedDuration::from_secs(1)))
}

/// The time in `Retry-After`: seconds from now, or a date (RFC 9110, 10.2.3).
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

/// The duration until a time; zero if it is past.
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
        match next_step(status, &headers(pairs), body, now()) {
            NextStep::Wait(then) => Some(until(then, now()).as_secs()),
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
    fn a_refusal_is_not_a_limit_and_a_fault_is_retried() {
        let left = [("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "1780315290")];
        for (status, expected) in [
            (200, NextStep::Accept),
            (401, NextStep::Accept),
            (403, NextStep::Accept),
            (404, NextStep::Accept),
            (410, NextStep::Accept),
            (302, NextStep::Redirect),
            (304, NextStep::Accept),
            (500, NextStep::Retry),
            (502, NextStep::Retry),
            (503, NextStep::Retry),
        ] {
            assert_eq!(next_step(status, &headers(&left), "no", now()), expected, "{status}");
        }
    }

    #[test]
    fn a_spent_allowance_is_seen_before_the_refusal() {
        let reset = (now().as_second() - 5).to_string();
        let seen = |remaining: &str, reset: &str| {
            let pairs = [("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)];
            renewal_of_spent_allowance(&headers(&pairs), now())
                .map(|then| until(then, now()).as_secs())
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
            if let NextStep::Wait(then) = next_step(status, &pairs, &body, now()) {
                prop_assert!(then >= now());
            }
        }
    }
}
