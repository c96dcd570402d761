//! Texts by name in what the standard library has for them.

use super::{NoRoom, TextReader, TextWriter};
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use core::hash::{BuildHasher, Hash};
use std::collections::HashMap;

impl<K: AsRef<str>, V: AsRef<str>> TextReader for Vec<(K, V)> {
    fn each(&self, each: &mut dyn FnMut(&str, &str)) {
        self.as_slice().each(each);
    }
}

impl TextWriter for Vec<(String, String)> {
    fn set(&mut self, name: &str, value: &str) -> Result<(), NoRoom> {
        self.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

impl<K: AsRef<str> + Eq + Hash, V: AsRef<str>, S> TextReader for HashMap<K, V, S> {
    fn each(&self, each: &mut dyn FnMut(&str, &str)) {
        self.iter().for_each(|(name, value)| each(name.as_ref(), value.as_ref()));
    }
}

impl<S: BuildHasher> TextWriter for HashMap<String, String, S> {
    fn set(&mut self, name: &str, value: &str) -> Result<(), NoRoom> {
        self.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
}
