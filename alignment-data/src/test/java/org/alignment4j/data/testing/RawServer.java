package org.alignment4j.data.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server on this machine that answers each request with bytes of the test's choice, HTTP or not,
 * and then closes the connection. Keeps what was asked, byte for byte.
 */
public final class RawServer implements AutoCloseable {
  private static final Pattern LENGTH =
      Pattern.compile("^content-length: *([0-9]+)", Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);

  private final ServerSocket server;
  private final Answers answers;
  private final AtomicInteger tries = new AtomicInteger();
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private final List<String> bodies = new CopyOnWriteArrayList<>();

  /** Writes answers. */
  @FunctionalInterface
  public interface Answers {
    /**
     * @param attempt from 1
     * @throws IOException if the client has gone
     */
    void write(int attempt, OutputStream out) throws IOException;
  }

  /** Starts on a free port. */
  public RawServer(Answers answers) {
    this.answers = answers;
    try {
      server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread accepting = new Thread(this::accept, "raw-server");
    accepting.setDaemon(true);
    accepting.start();
  }

  /** A server that answers the first tries with these texts and further ones with a completion. */
  public static RawServer first(String... texts) {
    return new RawServer(
        (attempt, out) ->
            out.write(
                (attempt <= texts.length ? texts[attempt - 1] : answer(200, completion("fine")))
                    .getBytes(StandardCharsets.UTF_8)));
  }

  /** An answer with a body, and headers, each a whole line. */
  public static String answer(int status, String body, String... headers) {
    StringBuilder text = new StringBuilder("HTTP/1.1 " + status + " X\r\n");
    text.append("Content-Type: application/json\r\n");
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    int length = body.getBytes(StandardCharsets.UTF_8).length;
    return text + "Content-Length: " + length + "\r\n\r\n" + body;
  }

  /** A chat completion's body; the text is put in as it is. */
  public static String completion(String text) {
    return "{\"id\":\"x\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":"
        + "[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\","
        + "\"content\":\""
        + text
        + "\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}";
  }

  /** What clients are given as base URL. */
  public String baseUrl() {
    return "http://127.0.0.1:" + server.getLocalPort() + "/v1";
  }

  /** Requests that came. */
  public int tries() {
    return tries.get();
  }

  /** The requests' first lines and headers. */
  public List<String> heads() {
    return List.copyOf(heads);
  }

  /** The requests' bodies. */
  public List<String> bodies() {
    return List.copyOf(bodies);
  }

  private void accept() {
    while (true) {
      Socket socket;
      try {
        socket = server.accept();
      } catch (IOException e) {
        return;
      }
      Thread serving = new Thread(() -> serve(socket), "raw-server");
      serving.setDaemon(true);
      serving.start();
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      ByteArrayOutputStream head = new ByteArrayOutputStream();
      while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
        int b = in.read();
        if (b < 0) {
          return;
        }
        head.write(b);
      }
      String text = head.toString(StandardCharsets.ISO_8859_1);
      Matcher length = LENGTH.matcher(text);
      byte[] body = in.readNBytes(length.find() ? Integer.parseInt(length.group(1)) : 0);
      heads.add(text);
      bodies.add(new String(body, StandardCharsets.UTF_8));
      OutputStream out = socket.getOutputStream();
      answers.write(tries.incrementAndGet(), out);
      out.flush();
      socket.shutdownOutput();
      // Until the client closes: a reset would take away what it has not read yet.
      in.readAllBytes();
    } catch (IOException e) {
      // The client has gone.
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
