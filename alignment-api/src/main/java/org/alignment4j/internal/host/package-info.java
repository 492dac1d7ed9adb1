/** Files, native libraries, memory and cancellation. Not for users: may change at any time. */
@NullMarked
package org.alignment4j.internal.host;

import org.jspecify.annotations.NullMarked;
