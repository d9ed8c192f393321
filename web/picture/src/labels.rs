//! Where the words of a picture stand, so that none covers another, an arrowhead or a sign.
//!
//! Across, a drawing is as wide as its place, in parts of that width; a text has a width in pixels. Texts that are beside each
//! other at some width are so at every greater one, because what one begins at moves away from what the other begins at.
//! So they are laid out for a width that the drawing has at least.

use crate::picture::{Label, Note, Numbers, Picture, TOP, WHOLE};
use crate::scale::LINE;
use crate::sketch::End;
use crate::way::{MIDDLE, RELAY, SERVER};
use crate::words;

/// Width of the strip left of the relay, in which the browser's part stands.
pub const STRIP: i32 = 64;
/// Length of an arrowhead.
pub const TIP: i32 = 9;
/// How far from its lane a word begins: beyond any arrowhead that ends there.
pub const BESIDE_LANE: i32 = 14;
/// How far from its place a word begins whose sign stands between the lanes.
pub const BESIDE_SIGN: i32 = 10;
/// How far left of the relay's lane numbers end: beyond the arrowheads in the strip.
pub const BESIDE_HOP: i32 = 11;
/// How far right of the server's lane numbers begin.
pub const BESIDE_SERVER: i32 = 7;

/// Half the height of a line of text.
const HALF: i32 = LINE as i32 / 2;
/// Half the width and height of a sign between the lanes.
const SIGN: i32 = 7;
/// Pixels of a letter and of a digit, more than any font of a page takes on average.
const LETTER: i32 = 8;

/// A place that something covers: from a point across, in thousandths, so many pixels left and right; heights in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// The point across.
    pub anchor: u32,
    /// From here, in pixels right of the point.
    pub left: i32,
    /// To here.
    pub right: i32,
    /// Its top.
    pub top: i32,
    /// Its bottom.
    pub bottom: i32,
}

impl Area {
    fn around(anchor: u32, left: i32, right: i32, y: u32, half: i32) -> Self {
        Self {
            anchor,
            left,
            right,
            top: y as i32 - half,
            bottom: y as i32 + half,
        }
    }

    /// Whether two of them touch, in a drawing of this width.
    pub fn meets(&self, other: &Self, width: u32) -> bool {
        let across = |of: &Self| (of.anchor * width / SERVER) as i32;
        let beside = match self.anchor <= other.anchor {
            true => across(self) + self.right <= across(other) + other.left,
            false => across(other) + other.right <= across(self) + self.left,
        };
        // From the same point, both orders are for ever.
        let beside = beside || (self.anchor == other.anchor && other.right <= self.left);
        !beside && self.top < other.bottom && other.top < self.bottom
    }

    fn is_inside(&self, width: u32) -> bool {
        let across = (self.anchor * width / SERVER) as i32;
        let whole = width as i32;
        (0..=whole).contains(&(across + self.left))
            && (0..=whole).contains(&(across + self.right))
            && self.top >= TOP as i32 - HALF
            && self.bottom <= WHOLE as i32
    }
}

/// Where a note's word stands beside its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Right of it.
    Right,
    /// Left of it.
    Left,
}

impl Side {
    /// The side on which there is more room.
    pub fn of(x: u32) -> Self {
        if x > MIDDLE { Self::Left } else { Self::Right }
    }
}

/// Whether a sign stands on a lane, and so within its word.
pub fn is_on_lane(x: u32) -> bool {
    matches!(x, RELAY | SERVER)
}

/// What a note says in its label.
pub fn text(note: &Note, label: &Label) -> String {
    let (sign, word) = words::sign(note.sign);
    let numbers = words::numbers(&label.numbers);
    let mut parts = vec![numbers.as_str()];
    if !label.is_short {
        parts.push(word);
    }
    match (is_on_lane(note.at.0), Side::of(note.at.0)) {
        (false, _) => {}
        (true, Side::Right) => parts.insert(0, sign),
        (true, Side::Left) => parts.push(sign),
    }
    parts.join(" ")
}

/// What the label of a note covers.
pub fn label_area(note: &Note, label: &Label) -> Area {
    let x = note.at.0;
    let gap = if is_on_lane(x) {
        BESIDE_LANE
    } else {
        BESIDE_SIGN
    };
    let letters = text(note, label).chars().count() as i32;
    // Signs are wider than letters.
    let wide = letters * LETTER + if is_on_lane(x) { LETTER } else { 0 };
    let (left, right) = match Side::of(x) {
        Side::Right => (gap, gap + wide),
        Side::Left => (-gap - wide, -gap),
    };
    Area::around(x, left, right, label.y, HALF)
}

/// What the sign of a note covers; on a lane, it stands within its word.
pub fn sign_area(note: &Note) -> Option<Area> {
    let (x, y) = note.at;
    (!is_on_lane(x)).then(|| Area::around(x, -SIGN, SIGN, y, SIGN))
}

/// What numbers beside a lane cover.
pub fn numbers_area(numbers: &Numbers) -> Area {
    let wide = words::numbers(&numbers.numbers).chars().count() as i32 * LETTER;
    let (left, right) = match numbers.x {
        SERVER => (BESIDE_SERVER, BESIDE_SERVER + wide),
        _ => (-BESIDE_HOP - wide, -BESIDE_HOP),
    };
    Area::around(numbers.x, left, right, numbers.y, HALF)
}

/// What the arrowheads of a picture cover, in whatever direction they point.
pub fn tip_areas(picture: &Picture) -> impl Iterator<Item = Area> + '_ {
    let strokes = picture.strokes.iter();
    let strokes = strokes.filter(|stroke| stroke.end == End::Arrow);
    let strokes = strokes.map(|stroke| {
        let (left, right) = if stroke.to.0 == SERVER {
            (-TIP, 0)
        } else {
            (0, TIP)
        };
        let (x, y) = stroke.to;
        Area {
            top: y as i32 - TIP,
            ..Area::around(x, left, right, y, 4)
        }
    });
    let hops = picture.hops.iter().map(|hop| {
        let left = match (hop.is_lost, hop.is_answer) {
            (true, _) => -(STRIP + TIP) / 2,
            (false, true) => -STRIP,
            (false, false) => -TIP,
        };
        Area::around(RELAY, left, left + TIP, hop.y, 4)
    });
    strokes.chain(hops)
}

/// Gives each sign its word, from top to bottom, in a drawing that has this width at least. Signs of one kind that are close
/// together have one word with all their numbers. A word moves a little where there is no room for it, loses itself to its
/// numbers, or is left out; then the description has it.
pub fn place_words(picture: &mut Picture, width: u32) {
    let mut taken: Vec<Area> = tip_areas(picture).collect();
    taken.extend(picture.notes.iter().filter_map(sign_area));
    for (index, numbers) in clusters(&picture.notes) {
        let note = &picture.notes[index];
        let free = candidates(note, &numbers).find(|label| {
            let area = label_area(note, label);
            area.is_inside(width) && !taken.iter().any(|other| area.meets(other, width))
        });
        if let Some(label) = free {
            taken.push(label_area(note, &label));
            picture.notes[index].label = Some(label);
        }
    }
}

/// Labels for a note, the best first.
fn candidates<'a>(note: &'a Note, numbers: &'a [u64]) -> impl Iterator<Item = Label> + 'a {
    const LINES: [i32; 5] = [0, 1, -1, 2, -2];
    // On a lane a stroke comes from above and another one goes on below.
    let first = if is_on_lane(note.at.0) { 9 } else { 0 };
    [false, true].into_iter().flat_map(move |is_short| {
        LINES.into_iter().map(move |line| {
            let moved = first + line * LINE as i32;
            Label {
                y: note.at.1.saturating_add_signed(moved),
                numbers: numbers.to_vec(),
                is_short,
            }
        })
    })
}

/// The notes that have a label, with the numbers in it, from top to bottom.
fn clusters(notes: &[Note]) -> Vec<(usize, Vec<u64>)> {
    let mut order: Vec<usize> = Vec::new();
    for (index, note) in notes.iter().enumerate() {
        let place = order.partition_point(|other| notes[*other].at.1 <= note.at.1);
        order.insert(place, index);
    }
    // The lowest sign of each cluster, too.
    let mut clusters: Vec<(usize, Vec<u64>, u32)> = Vec::new();
    for index in order {
        let Note {
            at: (x, y),
            sign,
            number,
            ..
        } = notes[index];
        let same = |other: &Note| (other.at.0, other.sign) == (x, sign);
        let mut found = clusters.iter_mut().rev();
        match found.find(|(first, ..)| same(&notes[*first])) {
            Some((_, numbers, lowest)) if y < *lowest + LINE => {
                if !numbers.contains(&number) {
                    numbers.push(number);
                }
                *lowest = y;
            }
            _ => clusters.push((index, vec![number], y)),
        }
    }
    let clusters = clusters.into_iter();
    clusters
        .map(|(index, numbers, _)| (index, numbers))
        .collect()
}
