package org.alignment4j.data.request;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Collects the bytes of a response body up to a limit; beyond it, the connection is closed. */
final class BoundedBody implements BodySubscriber<byte[]> {
  private final int maxBytes;
  private final boolean cut;
  private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private Flow.@Nullable Subscription subscription;

  /**
   * @param maxBytes maximum number of bytes kept
   * @param cut whether a body that is longer than the limit, or breaks off, is truncated; if not,
   *     it is a failure
   */
  BoundedBody(int maxBytes, boolean cut) {
    this.maxBytes = maxBytes;
    this.cut = cut;
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return whole;
  }

  @Override
  public void onSubscribe(Flow.Subscription from) {
    subscription = from;
    from.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      int taken = Math.min(buffer.remaining(), maxBytes - bytes.size());
      byte[] part = new byte[taken];
      buffer.get(part);
      bytes.writeBytes(part);
      if (buffer.hasRemaining()) {
        end();
        return;
      }
    }
    Flow.Subscription from = subscription;
    if (from != null) {
      from.request(1);
    }
  }

  private void end() {
    Flow.Subscription from = subscription;
    if (from != null) {
      from.cancel();
    }
    if (cut) {
      whole.complete(bytes.toByteArray());
    } else {
      whole.completeExceptionally(
          new IOException("a response body of more than " + maxBytes + " bytes"));
    }
  }

  @Override
  public void onError(Throwable failure) {
    if (cut) {
      whole.complete(bytes.toByteArray());
    } else {
      whole.completeExceptionally(failure);
    }
  }

  @Override
  public void onComplete() {
    whole.complete(bytes.toByteArray());
  }
}
