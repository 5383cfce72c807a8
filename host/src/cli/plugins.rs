// SPDX-License-Identifier: Apache-2.0
//! The plugins of a run: the main one and those of `--with`, loaded in the order of the command line.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::Context as _;
use falconet_host::{Inspector, Library, Logs, OpenSourceError, RegisterError};

use super::target;

/// A plugin of `--with`: `PATH` or `PATH=CONFIG`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct With {
    path: PathBuf,
    /// `None`: the crate's own, or none.
    config: Option<String>,
}

impl With {
    /// The crate's folder or the library.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The config that was given.
    pub(super) fn config(&self) -> Option<&str> {
        self.config.as_deref()
    }
}

impl FromStr for With {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A path that has a `=` in it is a path, if it exists.
        let (path, config) = match text.split_once('=') {
            Some((path, config)) if !PathBuf::from(text).exists() => (path, Some(config.to_owned())),
            _ => (text, None),
        };
        if path.is_empty() {
            return Err("PATH or PATH=CONFIG was expected".to_owned());
        }
        Ok(Self { path: path.into(), config })
    }
}

/// Initialises all plugins: the first `before` of `with`, the main one, the others.
pub(super) fn load(main: (&Library, &str), with: &[With], before: usize, logs: &Logs) -> anyhow::Result<Inspector> {
    let mut inspector = Inspector::new(logs);
    let opened = with.iter().map(|with| {
        let (library, defaults) =
            target::open(&with.path).with_context(|| format!("--with {}", with.path.display()))?;
        Ok((library, with.config.clone().or(defaults.config).unwrap_or_default()))
    });
    let mut all = opened.collect::<anyhow::Result<Vec<_>>>()?;
    all.insert(before.min(all.len()), (main.0.clone(), main.1.to_owned()));
    for (library, config) in &all {
        match inspector.register(library, config) {
            Ok(_) => {}
            // Where there is one plugin only, it need not be named.
            Err(RegisterError::Init { error, .. }) if with.is_empty() => return Err(error.into()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(inspector)
}

/// An error of open without the name of the plugin, where there is only one.
pub(super) fn open_error(error: OpenSourceError, alone: bool) -> anyhow::Error {
    match error {
        OpenSourceError::Call { error, .. } if alone => error.into(),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_follows_the_first_equals_sign() {
        let of = |text: &str| text.parse::<With>().map(|with| (with.path.display().to_string(), with.config));
        assert_eq!(of("a/b.so"), Ok(("a/b.so".to_owned(), None)));
        assert_eq!(of("a=x=y"), Ok(("a".to_owned(), Some("x=y".to_owned()))));
        assert_eq!(of("a="), Ok(("a".to_owned(), Some(String::new()))));
        assert!(of("=x").is_err());
        let folder = tempfile::Builder::new().prefix("a=b").tempdir().unwrap();
        let path = folder.path().display().to_string();
        assert_eq!(of(&path), Ok((path, None)));
    }
}
