//! What people write at length, as Markdown: paragraphs, lists, quotes, code, tables and links.
//!
//! Whatever they write, it brings neither scripts nor forms nor pictures with it. HTML in it is shown as it was typed;
//! only the tags that are made here are in the page, and the only attribute that holds what somebody typed is the
//! address of a link, which leads to a page or to a mailbox.

use minijinja::HtmlEscape;
use pulldown_cmark::{Alignment, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream};

use crate::render::is_web;

/// The HTML for a text.
pub fn html(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events = TextMergeStream::new(Parser::new_ext(text, options));
    let mut page = OnPage::default();
    let mut html = String::with_capacity(text.len() * 2);
    pulldown_cmark::html::push_html(&mut html, events.flat_map(|event| page.fit(event)));
    html
}

/// Fits what is read into a page.
#[derive(Default)]
struct OnPage {
    /// The links and pictures around what comes next: whether each has become a link.
    links: Vec<bool>,
    is_code: bool,
}

impl OnPage {
    /// What the page shows for this.
    fn fit<'t>(&mut self, event: Event<'t>) -> Vec<Event<'t>> {
        let fitted = match event {
            Event::Html(tag) | Event::InlineHtml(tag) => Event::Text(tag),
            Event::Text(text) if !self.is_code && !self.is_in_link() => return with_links(&text),
            // A line that people end is a line.
            Event::SoftBreak => Event::HardBreak,
            Event::Start(Tag::Link { link_type: LinkType::Email, dest_url, .. }) => {
                self.open(&format!("mailto:{dest_url}"), "")
            }
            Event::Start(Tag::Link { dest_url, .. }) => self.open(&dest_url, ""),
            Event::Start(Tag::Image { dest_url, .. }) => self.open(&dest_url, "(picture) "),
            Event::End(TagEnd::Link | TagEnd::Image) => self.close(),
            Event::Start(tag) => Event::Start(self.begin(tag)),
            Event::End(tag) => Event::End(self.end(tag)),
            other => other,
        };
        vec![fitted]
    }

    fn begin<'t>(&mut self, tag: Tag<'t>) -> Tag<'t> {
        self.is_code = matches!(tag, Tag::CodeBlock(_));
        match tag {
            Tag::HtmlBlock => Tag::Paragraph,
            Tag::Heading { level, .. } => {
                Tag::Heading { level: demoted(level), id: None, classes: Vec::new(), attrs: Vec::new() }
            }
            // Alignments would be styles, which pages have none of.
            Tag::Table(columns) => Tag::Table(vec![Alignment::None; columns.len()]),
            other => other,
        }
    }

    fn end(&mut self, tag: TagEnd) -> TagEnd {
        self.is_code = false;
        match tag {
            TagEnd::HtmlBlock => TagEnd::Paragraph,
            TagEnd::Heading(level) => TagEnd::Heading(demoted(level)),
            other => other,
        }
    }

    fn is_in_link(&self) -> bool {
        self.links.contains(&true)
    }

    /// Begins a link, unless its address leads to no page, or it is within another.
    fn open<'t>(&mut self, address: &str, label: &str) -> Event<'t> {
        let is_link = is_web(address) && !self.is_in_link();
        self.links.push(is_link);
        Event::InlineHtml(if is_link { format!("{}{label}", anchor(address)).into() } else { CowStr::from("") })
    }

    fn close<'t>(&mut self) -> Event<'t> {
        let is_link = self.links.pop() == Some(true);
        Event::InlineHtml(CowStr::from(if is_link { "</a>" } else { "" }))
    }
}

fn anchor(address: &str) -> String {
    format!("<a href=\"{}\" rel=\"noopener nofollow ugc\">", HtmlEscape(address))
}

/// Two levels below what it was: the page has a title, and its parts have theirs.
fn demoted(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

/// A text with the addresses in it as links.
fn with_links<'t>(text: &str) -> Vec<Event<'t>> {
    let plain = |text: &str| Event::Text(text.to_owned().into());
    let (mut events, mut rest) = (Vec::new(), text);
    while let Some((start, length)) = first_address(rest) {
        let (before, after) = rest.split_at(start);
        let (address, after) = after.split_at(length);
        let link = format!("{}{}</a>", anchor(address), HtmlEscape(address));
        events.extend([plain(before), Event::InlineHtml(link.into())]);
        rest = after;
    }
    events.push(plain(rest));
    events
}

/// Where the first address stands in a text, and how long it is. What ends a sentence isn't part of it.
fn first_address(text: &str) -> Option<(usize, usize)> {
    let is_address = |at: usize| ["://", "s://"].iter().any(|rest| text[at + "http".len()..].starts_with(rest));
    let start = text.match_indices("http").map(|(at, _)| at).find(|at| is_address(*at))?;
    let address = text[start..].split(|c: char| c.is_whitespace() || "<>\"".contains(c)).next()?;
    let address = address.trim_end_matches(|c: char| ".,;:!?'*_".contains(c));
    let address = if address.contains('(') { address } else { address.trim_end_matches(')') };
    (address.len() > "https://".len()).then_some((start, address.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use proptest::test_runner::{Config, RngSeed};

    use super::*;

    #[test]
    fn what_people_write_is_laid_out() {
        for (text, shown) in [
            ("Since *noon*:\nnobody can pay", "<p>Since <em>noon</em>:<br />\nnobody can pay</p>\n"),
            ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
            ("`a < b`", "<p><code>a &lt; b</code></p>\n"),
            ("~~no~~", "<p><del>no</del></p>\n"),
            ("# Cause\n\n### Load", "<h3>Cause</h3>\n<h5>Load</h5>\n"),
            (
                "|a|\n|:-:|\n|1|",
                "<table><thead><tr><th>a</th></tr></thead><tbody>\n<tr><td>1</td></tr>\n</tbody></table>\n",
            ),
        ] {
            assert_eq!(html(text), shown, "{text}");
        }
    }

    #[test]
    fn html_is_shown_as_it_was_typed() {
        assert_eq!(html("a <b>b</b>"), "<p>a &lt;b&gt;b&lt;/b&gt;</p>\n");
        assert_eq!(html("<script>x</script>"), "<p>&lt;script&gt;x&lt;/script&gt;</p>\n");
        assert_eq!(html("<img src=x onerror=y>"), "<p>&lt;img src=x onerror=y&gt;</p>\n");
    }

    #[test]
    fn links_lead_to_pages_and_mailboxes_and_pictures_become_links() {
        let link = |address: &str, text: &str| {
            format!("<p><a href=\"{address}\" rel=\"noopener nofollow ugc\">{text}</a></p>\n")
        };
        for (text, address, shown) in [
            ("[graph](https://a.example/x?a=1&b=2)", "https://a.example/x?a=1&amp;b=2", "graph"),
            ("![graph](https://a.example/g.png)", "https://a.example/g.png", "(picture) graph"),
            ("[![graph](http://b.example)](http://a.example)", "http://a.example", "graph"),
            ("<ada@acme.example>", "mailto:ada@acme.example", "ada@acme.example"),
            ("<https://a.example>", "https://a.example", "https://a.example"),
            ("https://a.example/b_c_d", "https://a.example/b_c_d", "https://a.example/b_c_d"),
        ] {
            assert_eq!(html(text).replace("&#x2f;", "/"), link(address, shown), "{text}");
        }
        assert_eq!(html("[x](javascript:alert) ![y](data:image/png,z) [z](/me)"), "<p>x y z</p>\n");
    }

    #[test]
    fn an_address_in_a_sentence_is_a_link_up_to_where_the_sentence_goes_on() {
        for (text, address) in [
            ("see https://a.example/x.", Some("https://a.example/x")),
            ("(http://a.example)", Some("http://a.example")),
            ("https://a.example/x(y), and", Some("https://a.example/x(y)")),
            ("https:// is no address", None),
        ] {
            let found = first_address(text).map(|(start, length)| &text[start..start + length]);
            assert_eq!(found, address, "{text}");
        }
        assert!(!html("    https://a.example in code").contains("<a "));
    }

    /// What a page may hold: these tags as they stand here, and links to pages and mailboxes.
    fn is_harmless(html: &str) -> bool {
        const TAGS: &str = "p br hr em strong del code pre ul ol li blockquote h3 h4 h5 h6 table thead tbody tr th td";
        html.split('<').skip(1).all(|rest| {
            let Some((tag, _)) = rest.split_once('>') else { return false };
            let name = tag.trim_start_matches('/').trim_end_matches(" /");
            let opens_link = tag.strip_prefix("a href=\"").and_then(|rest| rest.split_once('"'));
            match opens_link {
                Some((address, rest)) => {
                    is_web(&address.replace("&#x2f;", "/")) && rest == " rel=\"noopener nofollow ugc\""
                }
                None => {
                    let numbered = name.strip_prefix("ol start=\"").and_then(|rest| rest.strip_suffix('"'));
                    let coloured = name.strip_prefix("code class=\"language-").and_then(|rest| rest.strip_suffix('"'));
                    TAGS.split(' ').any(|known| known == name)
                        || tag == "/a"
                        || numbered.is_some_and(|number| number.parse::<u64>().is_ok())
                        || coloured.is_some_and(|language| !language.contains('"'))
                }
            }
        })
    }

    /// Pieces that attacks are made of.
    const PIECES: &[&str] = &[
        "<script>",
        "</script>",
        "<img src=x onerror=alert(1)>",
        "<a href=\"javascript:alert(1)\">",
        "<!--",
        "-->",
        "<![CDATA[",
        "<?php",
        "<svg/onload=alert(1)>",
        "javascript:alert(1)",
        "JaVaScRiPt:",
        "data:text/html,",
        "https://a.example/\"onmouseover=alert(1)",
        "http://",
        "mailto:a@b\"><script>",
        "[x](",
        "![x](",
        "[x]: ",
        "[x]",
        ")",
        "(",
        "<",
        ">",
        "\"",
        "'",
        "`",
        "```",
        "~~~\"><script>\n",
        "&lt;script&gt;",
        "&#60;script&#62;",
        "&quot;",
        "\\",
        "\u{1}",
        "|",
        "|-|\n",
        "# ",
        "> ",
        "- ",
        "7. ",
        "*",
        "_",
        "    ",
        " ",
        "\n",
        "\n\n",
        "x",
        "é",
    ];

    proptest! {
        #![proptest_config(Config {
            cases: 2000, failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_121), ..Config::default()
        })]
        #[test]
        fn no_text_makes_anything_else_of_a_page(pieces in prop::collection::vec(select(PIECES), 0..24)) {
            let text = pieces.concat();
            let html = html(&text);
            prop_assert!(is_harmless(&html), "{text:?}: {html}");
        }
    }
}
