//! The terminal, taken and given back: after any end, a suspension or a panic of the screen it is as it was.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::execute;
use crossterm::queue;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// A frame of a large terminal, so that it leaves in one write.
const FRAME_BYTES: usize = 256 << 10;

/// True while the terminal is ours; read by the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours; dropping it gives it back.
pub(crate) struct Screen {
    /// The terminal tells of the mouse.
    mouse: bool,
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// If standard input or output is no terminal, or it refuses.
    pub(crate) fn take() -> io::Result<Self> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "standard input and output must be a terminal",
            ));
        }
        enter()?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(FRAME_BYTES, io::stdout()));
        Ok(Self {
            mouse: false,
            terminal: Terminal::new(backend)?,
        })
    }

    /// Draws one frame in one synchronized write; gives what the drawing gave.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(crate) fn draw<T>(&mut self, draw: impl FnOnce(&mut Frame) -> T) -> io::Result<Option<T>> {
        let mut drawn = None;
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| drawn = Some(draw(frame)))?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.terminal.backend_mut().flush()?;
        Ok(drawn)
    }

    /// Puts a text into the terminal's clipboard, if the terminal lets anybody (OSC 52): it never says.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.terminal.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Lets the terminal tell of the mouse, or gives the mouse back to it.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(crate) fn use_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on {
            execute!(self.terminal.backend_mut(), EnableMouseCapture)
        } else {
            execute!(self.terminal.backend_mut(), DisableMouseCapture)
        }
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(crate) fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// Gives the terminal back, stops the job until the shell continues it, and takes the terminal again.
    ///
    /// Where no shell could continue it (we lead the session, or all of the job's parents are gone) the kernel does not
    /// stop us, and the screen goes on at once.
    ///
    /// # Errors
    /// If the terminal refuses.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        leave();
        // What the terminal itself does on ctrl-Z: the whole job stops, also a `cargo run` around us. Linux gives it to
        // the main thread, which is this one, before the call returns.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        self.retake()
    }

    /// Gives the terminal to another program until [`Screen::retake`].
    pub(crate) fn lend() {
        leave();
    }

    /// Takes the terminal again, whatever was done to it.
    ///
    /// # Errors
    /// If the terminal refuses.
    pub(crate) fn retake(&mut self) -> io::Result<()> {
        enter()?;
        if self.mouse {
            self.use_mouse(true)?;
        }
        let size = self.terminal.size()?;
        self.terminal
            .resize(ratatui::layout::Rect::new(0, 0, size.width, size.height))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    // Bracketed paste, so that pasted text is never read as keys that act.
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)
}

/// Gives the terminal back if it is ours. A terminal that is gone cannot be restored, so errors mean nothing here.
pub(crate) fn leave() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
            EndSynchronizedUpdate,
            DisableMouseCapture,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
    }
}

/// Makes a panic of this thread give the terminal back before it is reported; one of any other thread is only logged,
/// since the screen goes on and the task's supervisor deals with it.
pub(crate) fn guard_panics() {
    let screen = thread::current().id();
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == screen || !TAKEN.load(Ordering::SeqCst) {
            leave();
            report(info);
        } else {
            log::error!("{}", crate::model::text::clean_line(&info.to_string()));
        }
    }));
}
