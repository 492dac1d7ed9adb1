package org.alignment4j.internal.text;

import java.io.EOFException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Describes exceptions for users: messages of other libraries name their classes and methods, which
 * do not help a user with a broken file. {@link Shown} makes foreign text safe to display;
 * descriptions are already made safe by it.
 */
public final class Reasons {
  private static final String OURS = "org.alignment4j.";
  private static final int MAX = 500;

  /** Descriptions of Gson's JSON tokens. */
  private static final Map<String, String> JSON =
      Map.of(
          "BEGIN_OBJECT", "an object",
          "BEGIN_ARRAY", "a list",
          "END_OBJECT", "the end of an object",
          "END_ARRAY", "the end of a list",
          "END_DOCUMENT", "the end",
          "STRING", "text",
          "NUMBER", "a number",
          "BOOLEAN", "a truth value",
          "NULL", "null",
          "NAME", "a key");

  private static final Pattern TOKEN =
      Pattern.compile("\\b(?:BEGIN|END)_[A-Z]+\\b|\\b[A-Z]{4,7}\\b");
  private static final Pattern POSITION =
      Pattern.compile(" ?at line (\\d+) column (\\d+)(?: path \\S*)?");
  private static final Pattern CLASSES =
      Pattern.compile("(?:[a-z][a-z0-9_]*\\.)+[A-Z][\\w$]*(?:@[0-9a-f]+)?:? ?");
  private static final Pattern ADVICE =
      Pattern.compile(
          "(?:^|(?<=[.;!] )|\\n)(?:Use|See|Consider|Try|Please|Enable|Call|Set) .*",
          Pattern.DOTALL);

  /** Class names and other programmers' terms. */
  private static final Pattern FOREIGN =
      Pattern.compile("\\b(?:java|javax|org|com|sun)\\.[a-z]|Exception\\b|\\w\\(\\)|\\$\\w+@");

  /** SQLite's name of an error, before its message. */
  private static final Pattern CODE = Pattern.compile("^\\[[A-Z_]+\\] *");

  private Reasons() {}

  /**
   * Returns a one-line description of an exception, without the path, which the caller adds.
   *
   * @param e an exception of Java or another library; for an exception of this library, or an
   *     {@link IllegalArgumentException} thrown by it, the message is returned as it is
   */
  public static String of(Throwable e) {
    if (e.getClass().getName().startsWith(OURS)) {
      return line(String.valueOf(e.getMessage()));
    }
    String known = ofFile(e);
    return known != null ? known : translated(e);
  }

  private static @Nullable String ofFile(Throwable e) {
    if (e instanceof NoSuchFileException) {
      return "no such file or folder";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "an entry of this name exists already";
    }
    if (e instanceof NotDirectoryException) {
      return "it is not a folder";
    }
    if (e instanceof DirectoryNotEmptyException) {
      return "the folder is not empty";
    }
    if (e instanceof CharacterCodingException) {
      return "it is not UTF-8";
    }
    if (e instanceof FileSystemException known && known.getReason() != null) {
      return line(known.getReason());
    }
    return null;
  }

  private static String translated(Throwable e) {
    Throwable inner = e;
    // Gson wraps its reader's exception, and repeats the message with the class in front.
    while (isWrapper(inner) && inner.getCause() != null && inner.getCause() != inner) {
      inner = inner.getCause();
    }
    String file = ofFile(inner);
    if (file != null) {
      return file;
    }
    String message = inner.getMessage() == null ? "" : inner.getMessage();
    Matcher position = POSITION.matcher(message);
    String where =
        position.find() ? " at line " + position.group(1) + ", column " + position.group(2) : "";
    if (inner instanceof EOFException) {
      return "it ends too early" + where;
    }
    if (message.contains("malformed JSON")) {
      return "it is not valid JSON" + where;
    }
    if (inner instanceof NullPointerException
        || inner instanceof ClassCastException
        || inner instanceof IndexOutOfBoundsException
        || inner instanceof NegativeArraySizeException
        || inner instanceof StackOverflowError) {
      return "it is damaged" + where;
    }
    if (inner instanceof NumberFormatException) {
      return "expected a number, found something else" + where;
    }
    String text = position.replaceAll("");
    text = TOKEN.matcher(text).replaceAll(t -> JSON.getOrDefault(t.group(), t.group()));
    text = CODE.matcher(text).replaceAll("");
    text = ADVICE.matcher(text).replaceAll("");
    text = CLASSES.matcher(text).replaceAll("");
    text = line(text.replace("Expected ", "expected ").replace(" but was ", ", found "));
    if (FOREIGN.matcher(text).find()) {
      text = "it is damaged";
    }
    return text.isEmpty() ? "an error without a reason" + where : text + where;
  }

  private static boolean isWrapper(Throwable e) {
    return e.getCause() != null
        && (e instanceof UncheckedIOException
            || String.valueOf(e.getMessage()).startsWith(e.getCause().getClass().getName()));
  }

  private static String line(String text) {
    return Shown.line(text.strip().replaceAll("\\s*\\R\\s*", " "), MAX);
  }
}
