//! Lists in pages: the size asked for, an opaque token for where to go on, and the cut after the last row.
//!
//! A cursor names the last row that was given, never an offset, so that rows added meanwhile neither repeat nor
//! vanish. It is opaque, not secret: it must hold nothing the caller may not see, and tenant checks do not rely on it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Items of a page when the caller names no size.
pub const DEFAULT_SIZE: u32 = 50;
/// Most items of a page.
pub const MAX_SIZE: u32 = 200;
const MAX_TOKEN: usize = 1024;
/// Changes when a cursor changes shape, so that tokens of the old shape are refused instead of misread.
const FORMAT: &str = "1";

/// Which page of a list a caller wants; `C` is the sort key of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<C> {
    size: u32,
    after: Option<C>,
}

impl<C: DeserializeOwned> PageRequest<C> {
    /// Reads the two fields of a request; 0 and the empty token mean "not given".
    ///
    /// # Errors
    /// `page_size` above [`MAX_SIZE`], or a `page_token` that no list of this kind gave.
    pub fn parse(page_size: u32, page_token: &str) -> Result<Self, InvalidField> {
        if page_size > MAX_SIZE {
            return Err(fault(
                "page_size",
                ErrorReason::OutOfRange,
                "at most 200 items fit in a page",
            ));
        }
        let size = if page_size == 0 {
            DEFAULT_SIZE
        } else {
            page_size
        };
        let after = if page_token.is_empty() {
            None
        } else {
            Some(read_token(page_token)?)
        };
        Ok(Self { size, after })
    }
}

impl<C> PageRequest<C> {
    /// The first page of the default size.
    pub fn first() -> Self {
        Self {
            size: DEFAULT_SIZE,
            after: None,
        }
    }

    /// Most items of the page, 1 to 200.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The last row of the page before, if this is not the first.
    pub fn after(&self) -> Option<&C> {
        self.after.as_ref()
    }

    /// Rows to fetch: one more than the page holds, which tells whether another page follows.
    pub fn fetch(&self) -> u64 {
        u64::from(self.size) + 1
    }

    /// Cuts fetched rows to the page and names the next one; the token is empty on the last page.
    pub fn page<T>(&self, mut rows: Vec<T>, cursor: impl Fn(&T) -> C) -> Page<T>
    where
        C: Serialize,
    {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let next_page_token = match rows.last() {
            Some(last) if more => write_token(&cursor(last)),
            Some(_) | None => String::new(),
        };
        Page {
            items: rows,
            next_page_token,
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in the order of the list.
    pub items: Vec<T>,
    /// Opaque; empty when nothing follows.
    pub next_page_token: String,
}

impl<T> Page<T> {
    /// The same page with each item rendered.
    pub fn map<U>(self, render: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(render).collect(),
            next_page_token: self.next_page_token,
        }
    }
}

fn write_token<C: Serialize>(cursor: &C) -> String {
    // A cursor is plain data; should it ever fail to serialise, the list ends instead of the call.
    serde_json::to_vec(&(FORMAT, cursor))
        .map(|json| URL_SAFE_NO_PAD.encode(json))
        .unwrap_or_default()
}

fn read_token<C: DeserializeOwned>(token: &str) -> Result<C, InvalidField> {
    let unknown = || {
        fault(
            "page_token",
            ErrorReason::PageTokenInvalid,
            "not a token that this list gave",
        )
    };
    if token.len() > MAX_TOKEN {
        return Err(unknown());
    }
    let json = URL_SAFE_NO_PAD.decode(token).map_err(|_| unknown())?;
    let (format, cursor): (String, C) = serde_json::from_slice(&json).map_err(|_| unknown())?;
    if format == FORMAT {
        Ok(cursor)
    } else {
        Err(unknown())
    }
}

fn fault(field: &str, reason: ErrorReason, description: &str) -> InvalidField {
    InvalidField {
        field: field.to_owned(),
        reason,
        description: description.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Request = PageRequest<(i64, String)>;

    #[test]
    fn pages_continue_after_the_last_row() {
        let first = Request::parse(2, "").unwrap();
        assert_eq!(first.fetch(), 3);
        let page = first.page(vec![1, 2, 3], |row| (*row, "x".to_owned()));
        assert_eq!(page.items, [1, 2]);
        let second = Request::parse(2, &page.next_page_token).unwrap();
        assert_eq!(second.after(), Some(&(2, "x".to_owned())));
        assert_eq!(
            second
                .page(vec![3], |row| (*row, String::new()))
                .next_page_token,
            ""
        );
    }

    #[test]
    fn sizes_have_a_default_and_a_limit() {
        assert_eq!(Request::parse(0, "").unwrap().size(), DEFAULT_SIZE);
        let fault = Request::parse(201, "").unwrap_err();
        assert_eq!(fault.field, "page_size");
    }

    #[test]
    fn foreign_tokens_are_refused_and_not_echoed() {
        let long = "a".repeat(5_000);
        let other_format = URL_SAFE_NO_PAD.encode(r#"["0",[1,"x"]]"#);
        for token in ["%%", "bm90IGpzb24", long.as_str(), other_format.as_str()] {
            let fault = Request::parse(10, token).unwrap_err();
            assert_eq!(fault.reason, ErrorReason::PageTokenInvalid);
            assert!(!fault.description.contains(token));
        }
    }
}
