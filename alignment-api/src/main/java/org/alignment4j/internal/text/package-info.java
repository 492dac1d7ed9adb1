/**
 * Messages, checks and strict JSON, without dependencies on other packages of the library.
 * Internal: may change at any time.
 */
@NullMarked
package org.alignment4j.internal.text;

import org.jspecify.annotations.NullMarked;
