//! Where the serializer writes: one kind of place for all, so that there is one serializer in flash.

use postcard::ser_flavors::Flavor;

/// Keeps the bytes that fall into a window and counts all.
pub(super) struct Window<'b> {
    pub(super) bytes: &'b mut [u8],
    /// The number of the first byte that is kept.
    from: usize,
    /// The number of the next byte.
    pub(super) at: usize,
}

impl<'b> Window<'b> {
    pub(super) fn new(bytes: &'b mut [u8], from: usize) -> Self {
        Self { bytes, from, at: 0 }
    }

    /// How many bytes there were, if all of them fell into a window that begins at the first.
    pub(super) fn written(&self) -> Option<usize> {
        (self.at <= self.bytes.len()).then_some(self.at)
    }
}

impl Flavor for Window<'_> {
    type Output = usize;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        if let Some(slot) =
            self.at.checked_sub(self.from).and_then(|index| self.bytes.get_mut(index))
        {
            *slot = byte;
        }
        self.at += 1;
        Ok(())
    }

    fn finalize(self) -> postcard::Result<usize> {
        Ok(self.at)
    }
}

/// Writes a whole frame; says how long it is, none where it does not fit.
pub(super) fn write(value: &impl serde::Serialize, buffer: &mut [u8]) -> Option<usize> {
    let mut out = postcard::Serializer { output: Window::new(buffer, 0) };
    value.serialize(&mut out).ok()?;
    out.output.written()
}
