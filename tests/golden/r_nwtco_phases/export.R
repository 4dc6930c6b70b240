# Rscript export.R
# Writes input.csv: columns of the data set nwtco of R's package survival (LGPL >= 2; Debian
# r-cran-survival), the National Wilms' Tumor Study, and a second phase by the last digits of seqno.
data(nwtco, package = "survival")
kept <- nwtco[, c("seqno", "instit", "histol", "stage", "rel", "edrel")]
kept$phase <- as.integer(kept$rel == 1 | kept$instit == 2 | kept$seqno %% 7 == 3)
write.csv(kept, "input.csv", row.names = FALSE, quote = FALSE)
