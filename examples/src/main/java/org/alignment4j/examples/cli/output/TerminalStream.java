package org.alignment4j.examples.cli.output;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.alignment4j.internal.text.Shown;

/**
 * A print stream that makes foreign text harmless to a terminal: control characters, and those that
 * change the text direction, are printed as escapes such as {@code \\u001B}. Line breaks and tabs
 * are kept. The encoding is UTF-8.
 */
final class TerminalStream extends PrintStream {
  private final PrintStream plain;

  private TerminalStream(PrintStream plain) {
    super(new Escaping(plain), true, StandardCharsets.UTF_8);
    this.plain = plain;
  }

  static TerminalStream of(PrintStream to) {
    return to instanceof TerminalStream stream ? stream : new TerminalStream(to);
  }

  /** Returns the stream without escaping, for the program's own drawing. */
  PrintStream plain() {
    return plain;
  }

  /** Escapes UTF-8 characters, whose bytes may arrive in parts. */
  private static final class Escaping extends OutputStream {
    private final OutputStream to;
    private final ByteArrayOutputStream ready = new ByteArrayOutputStream();

    /** The bytes of an incomplete character, or a carriage return. */
    private final ByteArrayOutputStream character = new ByteArrayOutputStream(4);

    private int missing;

    Escaping(OutputStream to) {
      this.to = to;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
      for (int i = offset; i < offset + length; i++) {
        take(bytes[i] & 0xff);
      }
      pass();
    }

    private void take(int b) {
      if (missing > 0 && (b & 0xc0) == 0x80) {
        character.write(b);
        missing--;
        if (missing == 0) {
          complete();
        }
      } else if (b == '\n' && character.size() == 1 && character.toByteArray()[0] == '\r') {
        character.reset();
        ready.write('\r'); // a Windows line end
        ready.write('\n');
      } else {
        complete();
        missing = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : b >= 0xc0 ? 1 : 0;
        if (missing > 0 || b == '\r') {
          character.write(b);
        } else if (b == '\n' || b == '\t' || !Shown.isHidden(b)) {
          ready.write(b);
        } else {
          ready.writeBytes(Shown.escape(b).getBytes(StandardCharsets.US_ASCII));
        }
      }
    }

    private void complete() {
      if (character.size() > 0) {
        int c = character.toString(StandardCharsets.UTF_8).codePointAt(0);
        ready.writeBytes(
            Shown.isHidden(c)
                ? Shown.escape(c).getBytes(StandardCharsets.US_ASCII)
                : character.toByteArray());
        character.reset();
        missing = 0;
      }
    }

    private void pass() throws IOException {
      if (ready.size() > 0) {
        to.write(ready.toByteArray());
        ready.reset();
      }
    }

    @Override
    public void flush() throws IOException {
      to.flush();
    }

    @Override
    public synchronized void close() throws IOException {
      complete();
      pass();
      to.close();
    }
  }
}
