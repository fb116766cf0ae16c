//! A picture of an entry among others: what points at it to its left, what it points at to its right.

use serde::Serialize;

/// How many entries stand on a side at most.
const AT_MOST: usize = 12;
/// How wide and how high the box of an entry is.
const BOX: (usize, usize) = (220, 46);
/// From the top of a box to that of the next.
const STEP: usize = 58;
/// How far the columns are apart.
const GAP: usize = 90;
/// Characters of a name that fit into a box.
const FITTING: usize = 26;

/// An entry that is related to the one in the middle.
#[derive(Clone, Debug, Serialize)]
pub struct Neighbour {
    /// Its ID.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The attribute through which they are related.
    pub attribute: String,
}

/// Where everything stands, for a template to draw.
#[derive(Debug, Serialize)]
pub struct Picture {
    width: usize,
    height: usize,
    boxes: Vec<Placed>,
    lines: Vec<Line>,
}

/// A box with its top left corner. One without an ID stands for those that found no place.
#[derive(Debug, Serialize)]
struct Placed {
    id: Option<String>,
    name: String,
    short: String,
    attribute: String,
    x: usize,
    y: usize,
    is_middle: bool,
}

/// An arrow between two columns.
#[derive(Debug, Serialize)]
struct Line {
    from: (usize, usize),
    to: (usize, usize),
    middle: usize,
}

/// Draws the entry called `name` with what points at it, `left`, and what it points at, `right`. `goes_on` says that
/// more point at it than are given.
pub fn draw(name: &str, left: &[Neighbour], goes_on: bool, right: &[Neighbour]) -> Picture {
    let (width, height) = BOX;
    let [left, right] = [(left, goes_on), (right, false)].map(|(all, goes_on)| column(all, goes_on));
    let rows = left.len().max(right.len()).max(1);
    let total = rows * STEP - (STEP - height);
    let middle_y = (total - height) / 2;
    let far = 2 * (width + GAP);
    let (mut boxes, mut lines) = (vec![Placed::of(None, name, "", (width + GAP, middle_y), true)], Vec::new());
    for (is_left, x, column) in [(true, 0, left), (false, far, right)] {
        let top = (total - (column.len() * STEP).saturating_sub(STEP - height)) / 2;
        for (place, (id, name, attribute)) in column.into_iter().enumerate() {
            let y = top + place * STEP;
            lines.push(line(is_left, y + height / 2, middle_y + height / 2));
            boxes.push(Placed::of(id, &name, &attribute, (x, y), false));
        }
    }
    Picture { width: far + width, height: total, boxes, lines }
}

/// What stands on one side: the ID, if it is an entry, the name and the attribute.
fn column(all: &[Neighbour], goes_on: bool) -> Vec<(Option<String>, String, String)> {
    let entry =
        |neighbour: &Neighbour| (Some(neighbour.id.clone()), neighbour.name.clone(), neighbour.attribute.clone());
    let mut column: Vec<_> = all.iter().take(AT_MOST).map(entry).collect();
    let rest = all.len() - column.len();
    if rest > 0 {
        let over = if goes_on { "over " } else { "" };
        column.push((None, format!("and {over}{rest} more"), String::new()));
    }
    column
}

fn line(is_left: bool, side: usize, middle: usize) -> Line {
    let (width, _) = BOX;
    let (from, to) = if is_left {
        ((width, side), (width + GAP, middle))
    } else {
        ((2 * width + GAP, middle), (2 * (width + GAP), side))
    };
    Line { from, to, middle: from.0 + GAP / 2 }
}

impl Placed {
    fn of(id: Option<String>, name: &str, attribute: &str, (x, y): (usize, usize), is_middle: bool) -> Self {
        let (short, attribute) = (shortened(name), shortened(attribute));
        Self { id, name: name.into(), short, attribute, x, y, is_middle }
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= FITTING {
        return text.into();
    }
    text.chars().take(FITTING - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbours(count: usize) -> Vec<Neighbour> {
        let one = |n| Neighbour { id: format!("id-{n}"), name: format!("Entry {n}"), attribute: "Owner".into() };
        (0..count).map(one).collect()
    }

    #[test]
    fn what_points_here_stands_left_and_what_is_pointed_at_stands_right() {
        let picture = draw("Checkout", &neighbours(1), false, &neighbours(3));
        let at: Vec<_> = picture.boxes.iter().map(|placed| (placed.x, placed.y)).collect();
        assert_eq!(at, [(310, 58), (0, 58), (620, 0), (620, 58), (620, 116)]);
        assert_eq!((picture.width, picture.height), (840, 162));
        assert!(picture.boxes[0].is_middle && picture.boxes[0].id.is_none());
        assert!(picture.lines.iter().all(|line| line.from.0 < line.to.0));
        assert_eq!((picture.lines[0].from, picture.lines[0].to), ((220, 81), (310, 81)));
        assert_eq!((picture.lines[3].from, picture.lines[3].to), ((530, 81), (620, 139)));
    }

    #[test]
    fn those_that_find_no_place_are_counted() {
        let picture = draw("Platform", &neighbours(14), false, &[]);
        assert_eq!(picture.boxes.len(), 1 + 12 + 1);
        let last = picture.boxes.last().unwrap();
        assert_eq!((last.id.as_deref(), last.name.as_str()), (None, "and 2 more"));
        assert_eq!(draw("Platform", &neighbours(14), true, &[]).boxes[13].name, "and over 2 more");
        assert!(picture.boxes.iter().all(|placed| placed.y + 46 <= picture.height));
    }

    #[test]
    fn an_entry_alone_stands_alone_and_long_names_are_cut_between_characters() {
        let picture = draw(&"ä".repeat(30), &[], false, &[]);
        assert_eq!((picture.boxes.len(), picture.lines.len(), picture.height), (1, 0, 46));
        assert_eq!(picture.boxes[0].short, format!("{}…", "ä".repeat(25)));
    }
}
