/**
 * RAHF, representation alignment from human feedback (ACL 2024), and baselines on the same data:
 * SCIT, Dual, LoRRA, DPO, supervised fine-tuning and weight extrapolation.
 */
@NullMarked
package org.alignment4j.rahf;

import org.jspecify.annotations.NullMarked;
