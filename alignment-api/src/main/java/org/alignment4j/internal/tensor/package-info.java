/** The tensor layer: kernels, devices, safetensors. Internal: may change at any time. */
@NullMarked
package org.alignment4j.internal.tensor;

import org.jspecify.annotations.NullMarked;
