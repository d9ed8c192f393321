//! The relays' table as a picture: how many times the plain relay, on a scale on which twice is always as far.

use std::path::Path;

use plotters::prelude::*;

use crate::relays::Line;

/// Colours of a palette safe for colour blindness (Okabe-Ito).
const RATE: RGBColor = RGBColor(0, 114, 178);
const CPU: RGBColor = RGBColor(213, 94, 0);

/// Draws messages a second and processor time of the host, both as times the plain relay's.
pub(crate) fn draw(lines: &[Line], file: &Path) {
    let figures: Vec<_> = lines
        .iter()
        .map(|line| {
            let rate = line.host.per_second / line.plain.per_second;
            let cpu = line.host.cpu_us / line.plain.cpu_us;
            (line.shape.clone(), rate, cpu)
        })
        // A short round may be over before the clock of /proc has moved.
        .filter(|(_, rate, cpu)| rate.is_normal() && cpu.is_normal())
        .collect();
    let most = figures.iter().map(|(_, rate, _)| *rate).fold(2.0, f64::max);
    let least = figures.iter().map(|(.., cpu)| *cpu).fold(0.5, f64::min);
    let height = 100 + 60 * figures.len() as u32;
    let area = SVGBackend::new(file, (900, height)).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let rows = figures.len().max(1) as f64;
    // Room for the names on the left and for the words on the right.
    let (left, right) = (least * 0.25, most * 2.2);
    let mut chart = ChartBuilder::on(&area)
        .caption("The host, as times a plain axum relay", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(32)
        .y_label_area_size(8)
        .build_cartesian_2d((left..right).log_scale(), rows..0.0)
        .unwrap();
    chart
        .configure_mesh()
        .disable_y_mesh()
        .x_label_formatter(&|times| format!("{times:.2}"))
        .y_labels(0)
        .draw()
        .unwrap();
    for (row, (name, rate, cpu)) in figures.iter().enumerate() {
        let row = row as f64;
        let bar = |from: f64, to: f64, value: f64, colour: RGBColor| {
            Rectangle::new([(1.0, row + from), (value, row + to)], colour.filled())
        };
        chart
            .draw_series([bar(0.15, 0.45, *rate, RATE), bar(0.5, 0.8, *cpu, CPU)])
            .unwrap();
        let words = |text: String, at: f64, value: f64| {
            Text::new(text, (value * 1.02, row + at), ("sans-serif", 13))
        };
        chart
            .draw_series([
                words(format!("{rate:.2} x messages"), 0.2, rate.max(1.0)),
                words(format!("{cpu:.2} x CPU for each"), 0.55, cpu.max(1.0)),
                words(name.clone(), 0.38, left),
            ])
            .unwrap();
    }
    area.present().unwrap();
}
