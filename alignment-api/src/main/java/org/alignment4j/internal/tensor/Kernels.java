package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.host.NativeFailure;
import org.alignment4j.internal.host.NativeFolder;
import org.jspecify.annotations.Nullable;

/**
 * A module of native methods written in TorchScript: any ATen operators, with gradients, many of
 * them in one native call. The source text is in resources, one file per concern; numbers that
 * depend on a model's configuration are attributes of the module ({@code self.heads}).
 *
 * <p>Two modules are compiled from the text, since DJL switches a module between training and
 * inference in place, which is not thread-safe; that of training at its first call, since most
 * programs never train. {@link Call#infer} runs in inference mode: its results may never enter
 * autograd. {@link Call#train} records a graph when an argument requires gradients and gradient
 * mode is on, see {@link GradientScope}. Thread-safe.
 */
public final class Kernels implements AutoCloseable {
  private static final String FIRST_LIST = "list0[]";
  private static final Pattern WORD = Pattern.compile("\\b[A-Z][A-Z0-9_]*\\b");

  private final String name;
  private final Model inference;
  private final Supplier<Model> compileTraining;
  private @Nullable Model training;
  private boolean closed;

  private Kernels(String name, Model inference, Supplier<Model> compileTraining) {
    this.name = name;
    this.inference = inference;
    this.compileTraining = compileTraining;
  }

  /** Returns a builder; the name is used in error messages only. */
  public static Builder named(String name) {
    return new Builder(name);
  }

  /**
   * Prepares tensors that threads share and pass in the first list of their calls, so that no call
   * has to do so while another runs.
   */
  public static void share(List<NDArray> arrays) {
    arrays.forEach(a -> a.setName(FIRST_LIST));
  }

  /** Starts a call of one of the module's methods; {@code scope} owns the results. */
  public Call call(String method, NDManager scope) {
    return new Call(method, scope);
  }

  private synchronized Block trainingBlock() {
    if (closed) {
      throw new IllegalStateException("kernels '" + name + "' are closed");
    }
    Model compiled = training;
    if (compiled == null) {
      compiled = compileTraining.get();
      training = compiled;
    }
    return compiled.getBlock();
  }

  /** Whether the module of training is compiled. */
  synchronized boolean hasTraining() {
    return training != null;
  }

  @Override
  public synchronized void close() {
    closed = true;
    inference.close();
    if (training != null) {
      training.close();
    }
  }

  /** Source text and attributes of a module. Not thread-safe. */
  public static final class Builder {
    private final String name;
    private final StringBuilder common = new StringBuilder();
    private final StringBuilder inferenceOnly = new StringBuilder();
    private final StringBuilder trainingOnly = new StringBuilder();
    private final Map<String, Integer> constants = new LinkedHashMap<>();
    private final Map<String, Object> attributes = new LinkedHashMap<>();
    private final Map<String, Object> trainingAttributes = new LinkedHashMap<>();

    private Builder(String name) {
      this.name = name;
    }

    /** Adds a resource in the package of {@code owner} with methods, indented by two spaces. */
    public Builder source(Class<?> owner, String resource) {
      common.append(text(owner, resource));
      return this;
    }

    /** Adds methods that only {@link Call#train} calls. */
    public Builder trainingSource(Class<?> owner, String resource) {
      trainingOnly.append(text(owner, resource));
      return this;
    }

    /**
     * Adds {@code self.gradients(loss, parameters)} to the methods of training: the loss [] without
     * its graph, then one gradient per parameter.
     */
    public Builder gradients() {
      return trainingSource(Kernels.class, "gradients.torchscript");
    }

    /**
     * Adds methods that differ between inference and training, under the same names, such as an
     * operator without a gradient and a slower equivalent.
     */
    public Builder sources(Class<?> owner, String inferenceResource, String trainingResource) {
      inferenceOnly.append(text(owner, inferenceResource));
      trainingOnly.append(text(owner, trainingResource));
      return this;
    }

    /** Adds a value that the text reads as {@code self.name}. */
    public Builder attribute(String attribute, int value) {
      attributes.put(attribute, value);
      return this;
    }

    /** Adds a value that the text reads as {@code self.name}. */
    public Builder attribute(String attribute, double value) {
      attributes.put(attribute, value);
      return this;
    }

    /** Adds a value that the text reads as {@code self.name}. */
    public Builder attribute(String attribute, boolean value) {
      attributes.put(attribute, value);
      return this;
    }

    /** Adds a value that differs between inference and training. */
    public Builder attributes(String attribute, int inference, int training) {
      attributes.put(attribute, inference);
      trainingAttributes.put(attribute, training);
      return this;
    }

    /** Adds a value that differs between inference and training. */
    public Builder attributes(String attribute, double inference, double training) {
      attributes.put(attribute, inference);
      trainingAttributes.put(attribute, training);
      return this;
    }

    /** Adds a value that differs between inference and training. */
    public Builder attributes(String attribute, boolean inference, boolean training) {
      attributes.put(attribute, inference);
      trainingAttributes.put(attribute, training);
      return this;
    }

    /** Adds a number that the text refers to by a name in capitals, as in {@code w[i + QKV]}. */
    public Builder constant(String word, int value) {
      require(WORD.matcher(word).matches(), "%s is not a name in capitals", word);
      constants.put(word, value);
      return this;
    }

    /** Adds a list of integers that the text reads as {@code self.name}. */
    public Builder attribute(String attribute, List<Integer> values) {
      attributes.put(attribute, List.copyOf(values));
      return this;
    }

    /**
     * Compiles the module of inference; that of training is compiled at the first call of {@link
     * Call#train}.
     *
     * @throws org.alignment4j.core.EngineException if the engine is missing or rejects the text;
     *     the engine's message names the line
     */
    public Kernels compile(Device device) {
      // Written out now, so that what is added later to this builder changes neither module.
      String trainingText = withConstants(trainingOnly.toString() + common);
      Map<String, Object> trainingValues = new LinkedHashMap<>(attributes);
      trainingValues.putAll(trainingAttributes);
      Model inference = load(device, withConstants(inferenceOnly.toString() + common), attributes);
      return new Kernels(name, inference, () -> load(device, trainingText, trainingValues));
    }

    private Model load(Device device, String methods, Map<String, Object> values) {
      DjlDefaults.apply();
      @Nullable Path folder = null;
      try {
        folder = Files.createTempDirectory(NativeFolder.ofProcess(), "kernels");
        TorchScriptArchive.write(folder.resolve("kernels.pt"), methods, values);
        Model model = Model.newInstance("kernels", device, "PyTorch");
        try {
          // trainParam: without it the loader turns every tensor into an inference tensor.
          model.load(folder, "kernels", Map.of("trainParam", "true", "mapLocation", "true"));
          return model;
        } catch (IOException | MalformedModelException | RuntimeException e) {
          model.close();
          throw e;
        }
      } catch (EngineException e) {
        String message = String.valueOf(e.getMessage());
        throw message.contains("code/__torch__.py")
            ? new org.alignment4j.core.EngineException(
                "kernels '" + name + "' do not compile: " + message, e)
            : NativeFailure.engine(e);
      } catch (LinkageError | AssertionError e) {
        throw NativeFailure.engine(e);
      } catch (IOException | MalformedModelException e) {
        throw new org.alignment4j.core.EngineException("kernels '" + name + "': " + e, e);
      } finally {
        delete(folder);
      }
    }

    private String withConstants(String text) {
      return WORD.matcher(text)
          .replaceAll(
              found -> {
                Integer value = constants.get(found.group());
                return value == null ? found.group() : value.toString();
              });
    }

    private static void delete(@Nullable Path folder) {
      try {
        if (folder != null) {
          Files.deleteIfExists(folder.resolve("kernels.pt"));
          Files.deleteIfExists(folder);
        }
      } catch (IOException e) {
        folder.toFile().deleteOnExit();
      }
    }

    private static String text(Class<?> owner, String resource) {
      try (InputStream in = owner.getResourceAsStream(resource)) {
        if (in == null) {
          throw new IllegalArgumentException(
              "no resource " + resource + " in the package of " + owner);
        }
        return new String(in.readAllBytes(), StandardCharsets.UTF_8) + "\n";
      } catch (IOException e) {
        throw new IllegalArgumentException(
            "cannot read " + resource + " in the package of " + owner, e);
      }
    }
  }

  /** The arguments of one call, in the method's order. Not thread-safe, used once. */
  public final class Call {
    private final String method;
    private final NDManager scope;
    private final NDList arguments = new NDList();

    /** The name that the engine requires for each argument; null for a tensor outside of lists. */
    private final List<@Nullable String> names = new ArrayList<>();

    private int lists;
    private boolean shortOperations;

    private Call(String method, NDManager scope) {
      this.method = method;
      this.scope = scope;
      // The first argument's manager receives the results, and its name selects the method.
      NDArray marker = scope.create(0f);
      marker.setName("module_method:" + method);
      add(marker, marker.getName());
    }

    /** Adds a tensor. */
    public Call tensor(NDArray array) {
      add(array, null);
      return this;
    }

    private void add(NDArray array, @Nullable String called) {
      arguments.add(array);
      names.add(called);
    }

    /** Adds integers as an int64 tensor [n] in host memory. */
    public Call ints(long... values) {
      NDArray array =
          values.length == 0
              ? scope.create(new Shape(0), ai.djl.ndarray.types.DataType.INT64, Device.cpu())
              : host().create(values);
      return tensor(array);
    }

    /** Adds real numbers as a float64 tensor [n] in host memory. */
    public Call reals(double... values) {
      return tensor(host().create(values));
    }

    private NDManager host() {
      return scope.getDevice().isGpu() ? scope.newSubManager(Device.cpu()) : scope;
    }

    /**
     * Adds a list of tensors. The engine cannot pass an empty list, so the method then gets a list
     * of one tensor without elements.
     */
    public Call list(List<NDArray> arrays) {
      String listName = "list" + lists++ + "[]";
      List<NDArray> some = arrays.isEmpty() ? List.of(scope.create(new Shape(0))) : arrays;
      for (NDArray array : some) {
        if (!listName.equals(array.getName())) {
          array.setName(listName);
        }
        add(array, listName);
      }
      return this;
    }

    /**
     * The engine groups arguments by the names of the arrays, so an array that is in two lists, or
     * in one and also outside of lists, of this call or of another thread's, needs a second object
     * for all but the last list; gradients flow through the view.
     */
    private void separate() {
      for (int i = 0; i < arguments.size(); i++) {
        NDArray array = arguments.get(i);
        String called = names.get(i);
        if (!Objects.equals(array.getName(), called)) {
          NDArray view = array.reshape(array.getShape());
          view.attach(scope);
          view.setName(called);
          arguments.set(i, view);
        }
      }
    }

    /** States that each operation is short, as with few tokens; see {@link EngineThreads}. */
    public Call shortOperations(boolean value) {
      shortOperations = value;
      return this;
    }

    /** Runs the call without gradients. */
    public NDList infer() {
      return run(inference.getBlock(), false);
    }

    /** Runs the call so that gradients can flow through its result. */
    public NDList train() {
      return run(trainingBlock(), true);
    }

    private NDList run(Block block, boolean train) {
      separate();
      try {
        return ExitGate.pass(
            name + "." + method,
            () ->
                scope.getDevice().isGpu()
                    ? block.forward(new ParameterStore(scope, false), arguments, train)
                    : EngineThreads.compute(
                        shortOperations,
                        () -> block.forward(new ParameterStore(scope, false), arguments, train)));
      } catch (EngineException e) {
        String message = String.valueOf(e.getMessage());
        if (message.contains("not enough memory") || message.contains("out of memory")) {
          String which =
              message.contains("CUDA")
                  ? "the memory of the device is used up: "
                  : "the machine has no more memory outside of the Java heap, where the engine"
                      + " computes: ";
          throw new org.alignment4j.core.OutOfMemoryException(
              name + "." + method + ": " + which + message, e);
        }
        throw new org.alignment4j.core.EngineException(name + "." + method + ": " + message, e);
      }
    }
  }
}
