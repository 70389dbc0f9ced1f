//! Where server code lives: the framework itself, or a server beside a browser-only app.
