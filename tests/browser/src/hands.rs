//! A mouse, fingers and keys, as the browser gives them to a page.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::Browser;

/// Keys that need no letter, and the number that Chromium knows them by.
const KEYS: [(&str, u32); 11] = [
    ("Tab", 9),
    ("Enter", 13),
    ("Escape", 27),
    (" ", 32),
    ("End", 35),
    ("Home", 36),
    ("ArrowLeft", 37),
    ("ArrowUp", 38),
    ("ArrowRight", 39),
    ("ArrowDown", 40),
    ("Delete", 46),
];

/// As the browser's protocol counts keys that are held.
const SHIFT: u32 = 8;

impl Browser {
    /// Has the mouse do something at a place of the window: `more` is what the browser's protocol says of it.
    ///
    /// # Errors
    /// If the browser says so.
    pub fn mouse(&self, what: &str, [x, y]: [f64; 2], more: Value) -> Result<()> {
        let mut event = json!({"type": what, "x": x, "y": y});
        if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
            event.extend(more);
        }
        self.command("Input.dispatchMouseEvent", event)?;
        Ok(())
    }

    /// Presses the mouse at the first place, goes by all others, and lets it go at the last.
    ///
    /// # Errors
    /// If the browser says so.
    pub fn drag(&self, way: &[[f64; 2]]) -> Result<()> {
        let (Some(first), Some(last)) = (way.first(), way.last()) else { return Ok(()) };
        let is_left = json!({"button": "left", "clickCount": 1});
        self.mouse("mouseMoved", *first, json!({}))?;
        self.mouse("mousePressed", *first, is_left.clone())?;
        for place in way {
            self.mouse("mouseMoved", *place, json!({"button": "left", "buttons": 1}))?;
        }
        self.mouse("mouseReleased", *last, is_left)
    }

    /// Has fingers, by their numbers, come down at places of the window (`touchStart`), be moved there (`touchMove`),
    /// or go up (`touchEnd`).
    ///
    /// # Errors
    /// If the browser says so.
    pub fn touch(&self, what: &str, fingers: &[(u32, [f64; 2])]) -> Result<()> {
        let point = |(id, [x, y]): &(u32, [f64; 2])| json!({"x": x, "y": y, "id": id});
        let points: Vec<Value> = fingers.iter().map(point).collect();
        self.command("Input.dispatchTouchEvent", json!({"type": what, "touchPoints": points}))?;
        Ok(())
    }

    /// Presses a key by its name in JavaScript, `Tab` or `ArrowDown`, and lets it go.
    ///
    /// # Errors
    /// If there is no such key here, or the browser says so.
    pub fn press(&self, key: &str) -> Result<()> {
        self.press_with(key, 0)
    }

    /// The same while Shift is held.
    ///
    /// # Errors
    /// As [`Browser::press`].
    pub fn press_shifted(&self, key: &str) -> Result<()> {
        self.press_with(key, SHIFT)
    }

    fn press_with(&self, key: &str, modifiers: u32) -> Result<()> {
        let known = KEYS.iter().find(|(name, _)| *name == key);
        let (_, number) = known.with_context(|| format!("no key {key}"))?;
        // What Enter does to a link, and the space bar to a button, hangs on the letter that it is.
        let text = match key {
            "Enter" => "\r",
            " " => " ",
            _ => "",
        };
        let code = if key == " " { "Space" } else { key };
        let down = json!({"type": "keyDown", "key": key, "code": code, "windowsVirtualKeyCode": number,
            "text": text, "modifiers": modifiers});
        self.command("Input.dispatchKeyEvent", down)?;
        let up = json!({"type": "keyUp", "key": key, "code": code, "windowsVirtualKeyCode": number,
            "modifiers": modifiers});
        self.command("Input.dispatchKeyEvent", up)?;
        Ok(())
    }

    /// Types a text where the focus is, in place of what is selected.
    ///
    /// # Errors
    /// If the browser says so.
    pub fn write(&self, text: &str) -> Result<()> {
        self.command("Input.insertText", json!({"text": text}))?;
        Ok(())
    }
}
