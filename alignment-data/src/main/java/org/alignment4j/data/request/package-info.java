/**
 * Chat models behind one small interface, local or remote, and the store that keeps their answers,
 * so that nothing is paid for twice.
 */
@NullMarked
package org.alignment4j.data.request;

import org.jspecify.annotations.NullMarked;
