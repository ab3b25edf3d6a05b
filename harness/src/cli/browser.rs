//! A headless browser, for screenshots of pages.

use std::path::Path;
use std::process::{Command, Output};

use super::output::note;
use crate::base::error::{Error, Result};

/// The commands that may start it, in the order in which they are tried.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// The views of a page: the end of the file's name, the theme, and the width in pixels.
const VIEWS: [(&str, &str, u32); 3] =
    [("light", "light", 1280), ("dark", "dark", 1280), ("phone", "light", 500)];
/// The height of a window that is lower than any page, in which the page measures itself, in pixels.
const LOW_WINDOW: u32 = 400;
/// The assumed height of a page that does not report its own, in pixels.
const DEFAULT_HEIGHT: u32 = 9000;
/// The greatest height of a screenshot, in pixels.
const MOST_HEIGHT: u32 = 60_000;

/// An installed browser.
pub(super) struct Browser {
    name: &'static str,
}

impl Browser {
    /// The first command that runs.
    ///
    /// # Errors
    ///
    /// None of them runs.
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

    /// Writes a page's screenshots into a folder, named after the page: light, dark and as wide as a phone.
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
        for (view, theme, width) in VIEWS {
            let path = folder.join(format!("{stem}-{view}.png"));
            // An old file must not be taken for the new screenshot.
            let _ = std::fs::remove_file(&path);
            let address = format!("file://{}?picture&theme={theme}", page.display());
            let document = self.open(&address, width, LOW_WINDOW, "--dump-dom")?;
            let full_height = reported_height(&String::from_utf8_lossy(&document.stdout));
            let height = full_height.min(MOST_HEIGHT);
            if height < full_height {
                note(&format!(
                    "note: {} shows the first {height} of {full_height} pixels",
                    path.display()
                ));
            }
            let picture = format!("--screenshot={}", path.display());
            let ran = self.open(&address, width, height, &picture)?;
            if !path.exists() {
                let stderr = String::from_utf8_lossy(&ran.stderr);
                let last = stderr.lines().last().unwrap_or("it printed no reason");
                return Err(Error::usage(format!("{} took no screenshot: {last}", self.name)));
            }
            taken.push(path);
        }
        Ok(taken)
    }

    /// Opens a page in a window of this size, with one more argument, and waits for the browser to end.
    fn open(&self, address: &str, width: u32, height: u32, argument: &str) -> Result<Output> {
        let profile = tempfile::tempdir()
            .map_err(|source| Error::io("create", Path::new("profile"), source))?;
        Command::new(self.name)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--hide-scrollbars", "--force-device-scale-factor=1"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--window-size={width},{height}"))
            .args([argument, address])
            .output()
            .map_err(|source| Error::io("run", Path::new(self.name), source))
    }
}

/// The height that a page's script writes into the document, in pixels.
fn reported_height(document: &str) -> u32 {
    let height = document.split("data-height=\"").nth(1).and_then(|rest| rest.split('"').next());
    height.and_then(|height| height.parse().ok()).unwrap_or(DEFAULT_HEIGHT)
}
