//! Pictures of the page, for people to look at and for a test to see that something is on them.

use std::collections::HashSet;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use spandrel_tests::workspace;

use crate::Browser;

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
    /// How many colours the view has. Of one that is blank there are one or two.
    ///
    /// # Errors
    /// If it is no picture.
    pub fn colours(&self) -> Result<usize> {
        let mut decoder = png::Decoder::new(Cursor::new(&self.bytes));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let mut pixels = vec![0; reader.output_buffer_size().context("a picture too large")?];
        let frame = reader.next_frame(&mut pixels)?;
        let depth = frame.color_type.samples();
        let below = pixels.get(self.frame * frame.line_size..).unwrap_or_default();
        Ok(below.chunks_exact(depth).collect::<HashSet<_>>().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
