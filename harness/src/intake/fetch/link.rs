//! The `Link` header (RFC 8288), in which an API names its next page.

/// The target of the relation `next`, if the header has one.
pub(super) fn next(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let parameters = after.find('<').map_or(after, |end| &after[..end]);
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            name.trim().eq_ignore_ascii_case("rel")
                && value.trim().trim_matches('"').split_whitespace().any(|rel| rel == "next")
        });
        if is_next {
            return Some(target);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_page_is_found_among_others() {
        let header = "<https://a/x?page=1>; rel=\"prev\", <https://a/x?page=3,4;>; rel=\"next\", \
                      <https://a/x?page=9>; rel=\"last\"";
        assert_eq!(next(header), Some("https://a/x?page=3,4;"));
        assert_eq!(next("<https://a>;title=\"t\"; REL=next"), Some("https://a"));
        assert_eq!(next("<https://a>; rel=\"first next\""), Some("https://a"));
    }

    #[test]
    fn a_header_without_a_next_page_has_none() {
        for header in ["", "<https://a>; rel=\"last\"", "<https://a", "next", "<a>; nextrel=next"] {
            assert_eq!(next(header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_survived(header in ".*") {
            if let Some(target) = next(&header) {
                prop_assert!(header.contains(target));
            }
        }
    }
}
