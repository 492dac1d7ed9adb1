/**
 * Messages, checks and strict JSON; knows nothing else of the library. Not for users: may change at
 * any time.
 */
@NullMarked
package org.alignment4j.internal.text;

import org.jspecify.annotations.NullMarked;
