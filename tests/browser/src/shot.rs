//! Pictures of the page, for people to look at and for a test to see that something is on them.

use core::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use spandrel_tests::workspace;

use crate::Browser;

/// So many blank lines are left below a picture.
const MARGIN: usize = 16;

/// A picture that was kept.
#[derive(Debug)]
pub struct Shot {
    /// Where.
    pub path: PathBuf,
    /// How many lines of it are above the view.
    frame: usize,
    bytes: Vec<u8>,
}

impl Browser {
    /// Keeps what the window shows as `target/browser/shots/NAME.png`.
    ///
    /// # Errors
    /// If the browser does not give it, or it cannot be written.
    pub fn shoot(&self, name: &str) -> Result<Shot> {
        let name = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let path = workspace::target_dir().join("browser/shots").join(format!("{name}.png"));
        self.shoot_to(&path)
    }

    /// Keeps it there.
    ///
    /// # Errors
    /// As [`Browser::shoot`].
    pub fn shoot_to(&self, path: &Path) -> Result<Shot> {
        let bytes = self.picture()?;
        let top = "return document.querySelector('main')?.getBoundingClientRect().top ?? 0";
        let top = self.run(top, &[])?.as_f64().unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a screen has few lines"
        )]
        let frame = top.max(0.0) as usize;
        let folder = path.parent().context("a picture goes into a folder")?;
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, &bytes));
        written.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Shot { path: path.to_owned(), frame, bytes })
    }
}

impl Shot {
    /// Writes it anew with 256 colours and without what is blank below, which takes a third of the bytes; how many
    /// they are.
    ///
    /// # Errors
    /// If it is no picture, or cannot be written.
    pub fn press(&self) -> Result<usize> {
        let (frame, pixels) = self.decoded()?;
        let colour = |pixel: &[u8]| pixel.first_chunk::<3>().copied().unwrap_or_default();
        let pixels: Vec<[u8; 3]> =
            pixels.chunks_exact(frame.color_type.samples()).map(colour).collect();
        let width = usize::try_from(frame.width)?.max(1);
        let lines: Vec<&[[u8; 3]]> = pixels.chunks_exact(width).collect();
        let blank = lines.iter().rev().take_while(|line| Some(**line) == lines.last().copied());
        let height = (lines.len() - blank.count() + MARGIN).min(lines.len());
        let (palette, places) = palette(&pixels);
        let indices: Vec<u8> =
            pixels.iter().take(width * height).map(|pixel| places[pixel]).collect();

        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, frame.width, u32::try_from(height)?);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette.concat());
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
        encoder.write_header()?.write_image_data(&indices)?;
        let written = fs::write(&self.path, &bytes);
        written.with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(bytes.len())
    }

    fn decoded(&self) -> Result<(png::OutputInfo, Vec<u8>)> {
        let mut decoder = png::Decoder::new(Cursor::new(&self.bytes));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let mut pixels = vec![0; reader.output_buffer_size().context("a picture too large")?];
        let frame = reader.next_frame(&mut pixels)?;
        ensure!(frame.color_type.samples() >= 3, "a picture without colours");
        Ok((frame, pixels))
    }

    /// How many colours the view has. Of one that is blank there are one or two.
    ///
    /// # Errors
    /// If it is no picture.
    pub fn colours(&self) -> Result<usize> {
        let (frame, pixels) = self.decoded()?;
        let depth = frame.color_type.samples();
        let below = pixels.get(self.frame * frame.line_size..).unwrap_or_default();
        Ok(below.chunks_exact(depth).collect::<HashSet<_>>().len())
    }
}

/// At most 256 colours, and which of them stands for each that there is.
///
/// Half of them are those that there are most of, and each other is the one that is farthest from all before: a
/// red digit is small, and must stay red.
fn palette(pixels: &[[u8; 3]]) -> (Vec<[u8; 3]>, HashMap<[u8; 3], u8>) {
    const MOST: usize = 256;

    let mut amounts: HashMap<[u8; 3], usize> = HashMap::new();
    for pixel in pixels {
        *amounts.entry(*pixel).or_default() += 1;
    }
    let mut all: Vec<[u8; 3]> = amounts.keys().copied().collect();
    all.sort_by_key(|colour| (Reverse(amounts[colour]), *colour));
    let away = |a: [u8; 3], b: [u8; 3]| -> u32 {
        a.into_iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    // Of each colour the nearest so far, and how far that is.
    let mut nearest = vec![(0_u8, u32::MAX); all.len()];
    let mut chosen = Vec::new();
    for place in 0..=u8::MAX {
        let farthest = nearest.iter().enumerate().max_by_key(|(_, (_, far))| *far);
        let next =
            if chosen.len() < MOST / 2 { Some(chosen.len()) } else { farthest.map(|(at, _)| at) };
        let Some(colour) = next.and_then(|at| all.get(at)).copied() else { break };
        chosen.push(colour);
        for (have, near) in all.iter().zip(&mut nearest) {
            let far = away(*have, colour);
            if far < near.1 {
                *near = (place, far);
            }
        }
    }
    (chosen, all.into_iter().zip(nearest.into_iter().map(|(place, _)| place)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_pressed_into_the_colours_that_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 512, 1);
        encoder.set_color(png::ColorType::Rgb);
        // Greys that there are many of, and a red one.
        let pixels: Vec<u8> = (0..=u8::MAX)
            .chain(0..=u8::MAX)
            .flat_map(|place| if place == 7 { [200, 0, 0] } else { [place, place, place / 2 * 2] })
            .collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        let shot = Shot { path: folder.path().join("a.png"), frame: 0, bytes };
        let written = shot.press().unwrap();
        let bytes = fs::read(&shot.path).unwrap();
        assert_eq!(bytes.len(), written);
        let pressed = Shot { bytes, ..shot };
        let (frame, back) = pressed.decoded().unwrap();
        assert_eq!((frame.width, frame.height, back == pixels), (512, 1, true));
    }

    #[test]
    fn what_is_blank_below_is_left_out_and_what_is_rare_keeps_its_colour() {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 100, 100);
        encoder.set_color(png::ColorType::Rgb);
        // More colours than there is room for, of which one is there once.
        let pixel = |place: u32| match (place, u8::try_from(place % 250).unwrap()) {
            (0, _) => [200, 0, 0],
            (5_000.., _) => [255, 255, 255],
            (1_000.., grey) => [grey, grey, grey],
            (_, grey) => [grey, grey, 250 - grey],
        };
        let pixels: Vec<u8> = (0..10_000).flat_map(pixel).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        let shot = Shot { path: folder.path().join("a.png"), frame: 0, bytes };
        shot.press().unwrap();
        let pressed = Shot { bytes: fs::read(&shot.path).unwrap(), ..shot };
        let (frame, back) = pressed.decoded().unwrap();
        assert_eq!((frame.width, frame.height, &back[..3]), (100, 66, &[200, 0, 0][..]));
        let worst = back.iter().zip(&pixels).map(|(is, was)| is.abs_diff(*was)).max().unwrap();
        assert!(worst < 20, "{worst}");
    }

    #[test]
    fn what_is_blank_has_one_colour() {
        let picture = |pixels: &[u8], frame| {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, 2, 2);
            encoder.set_color(png::ColorType::Rgb);
            encoder.write_header().unwrap().write_image_data(pixels).unwrap();
            Shot { path: PathBuf::new(), frame, bytes }
        };
        let pixels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 7, 8, 9];
        assert_eq!(picture(&[7; 12], 0).colours().unwrap(), 1);
        for (frame, colours) in [(0, 3), (1, 1), (9, 0)] {
            assert_eq!(picture(&pixels, frame).colours().unwrap(), colours);
        }
        let none = Shot { path: PathBuf::new(), frame: 0, bytes: vec![1, 2] };
        assert!(none.colours().is_err());
    }
}
