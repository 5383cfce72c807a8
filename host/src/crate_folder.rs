// SPDX-License-Identifier: Apache-2.0
//! The folder of a plugin's crate: built by cargo, with defaults for a run in `[package.metadata.falconet]`.

use std::{
    env,
    ffi::OsString,
    io::BufReader,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cargo_metadata::{CrateType, Message, MetadataCommand, Package, TargetKind};
use serde::Deserialize;

use crate::field_request::split_fields;

/// Why a crate's folder cannot be used or built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no `Cargo.toml`.
    #[error("{0} has no Cargo.toml: the folder of a plugin's crate was expected")]
    NoManifest(PathBuf),
    /// The manifest is a workspace's, not a crate's.
    #[error("{0} is no crate (a workspace without one?): give the folder of the plugin's crate")]
    NoPackage(PathBuf),
    /// cargo cannot read the manifest.
    #[error("cargo metadata failed for {manifest}: {error}")]
    Metadata {
        /// The manifest.
        manifest: PathBuf,
        /// What cargo said.
        error: cargo_metadata::Error,
    },
    /// `[package.metadata.falconet]` is wrong.
    #[error("[package.metadata.falconet] of {manifest}: {message}")]
    Defaults {
        /// The manifest.
        manifest: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The crate makes no shared library.
    #[error("the crate '{0}' makes no shared library: add crate-type = [\"cdylib\"] under [lib] in its Cargo.toml")]
    NoCdylib(String),
    /// cargo could not be started.
    #[error("cannot start {program}: {error}")]
    Start {
        /// The program.
        program: String,
        /// The system's error.
        error: std::io::Error,
    },
    /// cargo's messages cannot be read.
    #[error("cannot read what cargo says: {0}")]
    Output(std::io::Error),
    /// The build failed; cargo's diagnostics went to stderr.
    #[error("cargo build failed for the crate '{name}' ({status}): its messages are above")]
    Failed {
        /// The crate.
        name: String,
        /// How cargo ended.
        status: std::process::ExitStatus,
    },
    /// The build went well, but cargo named no library.
    #[error("cargo built the crate '{0}' but named no shared library")]
    NoArtifact(String),
}

/// What a run uses where the command line says nothing: `[package.metadata.falconet]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The open parameters. A path that exists in the crate's folder is made absolute.
    pub params: Option<String>,
    /// The config. A table becomes JSON text, as Falco does it.
    pub config: Option<String>,
    /// The fields.
    pub fields: Vec<String>,
    /// What a run that follows its source sets in the config, a JSON object; `None` if the crate does not say.
    pub follow_config: Option<JsonObject>,
}

/// A JSON object.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

/// A plugin's crate.
#[derive(Clone, Debug)]
pub struct CrateFolder {
    name: String,
    manifest: PathBuf,
    folder: PathBuf,
    defaults: Defaults,
}

/// The keys of `[package.metadata.falconet]`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Section {
    params: Option<String>,
    config: Option<serde_json::Value>,
    fields: Option<Fields>,
    follow_config: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "'fields' is a list of texts, or one text with commas")]
enum Fields {
    List(Vec<String>),
    Text(String),
}

impl CrateFolder {
    /// The crate in `folder`, or of the `Cargo.toml` that `folder` names.
    ///
    /// # Errors
    /// [`BuildError`] if there is no crate there, or its metadata is wrong.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, BuildError> {
        let folder = folder.as_ref();
        let manifest = if folder.ends_with("Cargo.toml") { folder.to_path_buf() } else { folder.join("Cargo.toml") };
        let Ok(manifest) = manifest.canonicalize() else { return Err(BuildError::NoManifest(folder.into())) };
        let Some(folder) = manifest.parent() else { return Err(BuildError::NoManifest(manifest)) };
        let metadata = MetadataCommand::new().manifest_path(&manifest).current_dir(folder).no_deps().exec();
        let metadata = metadata.map_err(|error| BuildError::Metadata { manifest: manifest.clone(), error })?;
        let package = metadata.packages.iter().find(|package| package.manifest_path == manifest);
        let Some(package) = package else { return Err(BuildError::NoPackage(manifest)) };
        let cdylib = |kind: &TargetKind| *kind == TargetKind::CDyLib;
        if !package.targets.iter().any(|target| target.kind.iter().any(cdylib)) {
            return Err(BuildError::NoCdylib(package.name.to_string()));
        }
        let defaults = defaults(package, folder);
        let defaults = defaults.map_err(|message| BuildError::Defaults { manifest: manifest.clone(), message })?;
        Ok(Self { name: package.name.to_string(), folder: folder.into(), defaults, manifest })
    }

    /// The crate's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a run uses by default.
    #[must_use]
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// Builds the crate in release and gives the path of its library. cargo's diagnostics go to stderr.
    ///
    /// cargo runs in the crate's folder, so that its `.cargo/config.toml` and `rust-toolchain.toml` count.
    ///
    /// # Errors
    /// [`BuildError`] if cargo cannot be started or fails.
    pub fn build(&self) -> Result<PathBuf, BuildError> {
        self.build_with(&[])
    }

    /// As [`build`](Self::build), without symbol table and debugging information, whatever the crate's profile says.
    ///
    /// # Errors
    /// [`BuildError`] if cargo cannot be started or fails.
    pub fn build_stripped(&self) -> Result<PathBuf, BuildError> {
        // Of this crate only: its dependencies need not be built again.
        self.build_with(&["--config", &format!("profile.release.package.{:?}.strip=\"symbols\"", self.name)])
    }

    fn build_with(&self, more: &[&str]) -> Result<PathBuf, BuildError> {
        let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(&program);
        command.args(["build", "--release", "--lib", "--message-format=json-render-diagnostics", "--manifest-path"]);
        command.arg(&self.manifest).args(more);
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::piped());
        if let Some(target_dir) = env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty()) {
            // A relative one is meant from where we are, not from where cargo runs.
            command.env("CARGO_TARGET_DIR", std::path::absolute(target_dir).map_err(BuildError::Output)?);
        }
        let start = |error| BuildError::Start { program: program.to_string_lossy().into_owned(), error };
        let mut cargo = command.spawn().map_err(start)?;
        let mut library = None;
        if let Some(stdout) = cargo.stdout.take() {
            for message in Message::parse_stream(BufReader::new(stdout)) {
                if let Message::CompilerArtifact(artifact) = message.map_err(BuildError::Output)?
                    && artifact.manifest_path == self.manifest
                    && artifact.target.crate_types.contains(&CrateType::CDyLib)
                {
                    let shared = |path: &&cargo_metadata::camino::Utf8PathBuf| {
                        path.extension() == Some(env::consts::DLL_EXTENSION)
                    };
                    library = artifact.filenames.iter().find(shared).map(|path| path.clone().into_std_path_buf());
                }
            }
        }
        let status = cargo.wait().map_err(BuildError::Output)?;
        if !status.success() {
            return Err(BuildError::Failed { name: self.name.clone(), status });
        }
        library.ok_or_else(|| BuildError::NoArtifact(self.name.clone()))
    }
}

fn defaults(package: &Package, folder: &Path) -> Result<Defaults, String> {
    let Some(section) = package.metadata.get("falconet") else { return Ok(Defaults::default()) };
    let section: Section = serde_json::from_value(section.clone()).map_err(|error| error.to_string())?;
    let config = match section.config {
        None => None,
        Some(serde_json::Value::String(text)) => Some(text),
        Some(table @ serde_json::Value::Object(_)) => Some(table.to_string()),
        Some(_) => return Err("'config' is a text or a table".to_owned()),
    };
    let fields = match section.fields {
        None => Vec::new(),
        Some(Fields::List(list)) => list,
        Some(Fields::Text(text)) => split_fields(&text).into_iter().map(str::to_owned).collect(),
    };
    let follow_config = match section.follow_config {
        None => None,
        Some(serde_json::Value::Object(table)) => Some(table),
        Some(serde_json::Value::String(text)) => {
            let object = serde_json::from_str(&text);
            Some(object.map_err(|error| format!("'follow-config' is a text, but no JSON object: {error}"))?)
        }
        Some(_) => return Err("'follow-config' is a table, or the text of a JSON object".to_owned()),
    };
    let params = section.params.map(|params| {
        let path = folder.join(&params);
        match !params.is_empty() && path.exists() {
            true => path.to_string_lossy().into_owned(),
            false => params,
        }
    });
    Ok(Defaults { params, config, fields, follow_config })
}
