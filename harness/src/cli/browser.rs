//! A browser without a window, for screenshots of pages.

use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};

/// The names that it goes by.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// What a page is looked at as: the end of the file's name, the theme, width and height.
const VIEWS: [(&str, &str, u32, u32); 3] =
    [("light", "light", 1280, 9000), ("dark", "dark", 1280, 9000), ("phone", "light", 500, 9000)];

/// A browser that is here.
pub(super) struct Browser {
    name: &'static str,
}

impl Browser {
    /// The first that answers.
    pub(super) fn find() -> Result<Self> {
        let is_here = |name: &&str| {
            let ran = Command::new(name).arg("--version").output();
            ran.is_ok_and(|ran| ran.status.success())
        };
        let name = NAMES.into_iter().find(is_here).ok_or_else(|| {
            Error::usage("no browser to take screenshots with")
                .with_help(format!("install one of {}", NAMES.join(", ")))
        })?;
        Ok(Self { name })
    }

    /// Takes a page's screenshots into a folder, named after the page: light, dark and as wide as a phone.
    pub(super) fn screenshots(
        &self,
        page: &Path,
        folder: &Path,
    ) -> Result<Vec<std::path::PathBuf>> {
        let read = |source| Error::io("read", page, source);
        let page = page.canonicalize().map_err(read)?;
        std::fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
        let folder = folder.canonicalize().map_err(|source| Error::io("read", folder, source))?;
        let stem = page.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut taken = Vec::new();
        for (view, theme, width, height) in VIEWS {
            let path = folder.join(format!("{stem}-{view}.png"));
            let profile =
                tempfile::tempdir().map_err(|source| Error::io("create", &folder, source))?;
            // What was there must not pass for what is taken.
            let _ = std::fs::remove_file(&path);
            let ran = Command::new(self.name)
                .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
                .args(["--disable-background-networking", "--disable-component-update"])
                .args(["--disable-sync", "--hide-scrollbars", "--force-device-scale-factor=1"])
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg(format!("--window-size={width},{height}"))
                .arg(format!("--screenshot={}", path.display()))
                .arg(format!("file://{}?theme={theme}", page.display()))
                .output()
                .map_err(|source| Error::io("run", Path::new(self.name), source))?;
            if !path.exists() {
                let said = String::from_utf8_lossy(&ran.stderr);
                let last = said.lines().last().unwrap_or("it says nothing");
                return Err(Error::usage(format!("{} took no screenshot: {last}", self.name)));
            }
            taken.push(path);
        }
        Ok(taken)
    }
}
