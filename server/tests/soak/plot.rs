//! Memory and descriptors over the minutes of a soak, as a picture.

use std::path::Path;

use plotters::prelude::*;

use crate::lives::Minute;

/// Colours of a palette safe for colour blindness (Okabe-Ito).
const MEMORY: RGBColor = RGBColor(0, 114, 178);
const DESCRIPTORS: RGBColor = RGBColor(213, 94, 0);
const SESSIONS: RGBColor = RGBColor(0, 158, 115);

/// Draws what was seen into `target/soak.svg`.
pub(crate) fn draw(seen: &[Minute]) {
    // The folder for the files of tests stands in `target`.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let file = target.join("soak.svg");
    let minutes = |minute: &Minute| minute.at.as_secs_f64() / 60.0;
    let megabytes = |minute: &Minute| minute.resident as f64 / f64::from(1 << 20);
    let end = seen.last().map_or(1.0, minutes);
    let most = |value: &dyn Fn(&Minute) -> f64| seen.iter().map(value).fold(1.0, f64::max) * 1.15;
    let parts = SVGBackend::new(&file, (900, 520)).into_drawing_area();
    parts.fill(&WHITE).unwrap();
    let parts = parts.split_evenly((2, 1));
    let draw = |place: usize, title: &str, lines: &[(&str, RGBColor, &dyn Fn(&Minute) -> f64)]| {
        let top = lines.iter().map(|(.., value)| most(value));
        let mut chart = ChartBuilder::on(&parts[place])
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(34)
            .y_label_area_size(52)
            .build_cartesian_2d(0.0..end, 0.0..top.fold(1.0, f64::max))
            .unwrap();
        chart
            .configure_mesh()
            .x_desc("minutes")
            .light_line_style(WHITE)
            .draw()
            .unwrap();
        for (name, colour, value) in lines {
            let line = seen.iter().map(|minute| (minutes(minute), value(minute)));
            let line: Vec<_> = line.collect();
            let colour = *colour;
            chart
                .draw_series([PathElement::new(line, colour.stroke_width(2))])
                .unwrap()
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.8))
            .draw()
            .unwrap();
    };
    draw(
        0,
        "Resident memory of the host, MiB",
        &[("memory", MEMORY, &megabytes)],
    );
    let descriptors = |minute: &Minute| minute.descriptors as f64;
    let sessions = |minute: &Minute| minute.sessions as f64;
    draw(
        1,
        "Open file descriptors, and sessions",
        &[
            ("descriptors", DESCRIPTORS, &descriptors),
            ("sessions", SESSIONS, &sessions),
        ],
    );
    parts.iter().for_each(|part| part.present().unwrap());
    println!("\ndrawn into {}", file.display());
}
