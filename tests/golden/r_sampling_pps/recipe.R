# Rscript recipe.R
# Inclusion probabilities, joint ones and variances of R sampling on a frame that has what ordinary
# frames have and textbook ones lack: units of size 0, units certain at once and in a second round,
# ties, and an order by place.
suppressPackageStartupMessages(library(sampling))
num <- function(x) paste0("[", paste0(sprintf("%.15g", as.vector(x)), collapse = ", "), "]")
rows <- function(m) paste0("[", paste0(apply(m, 1, num), collapse = ", "), "]")
field <- function(name, value) paste0("\"", name, "\": ", value)
sizes <- c(12, 0, 31, 31, 7, 260, 18, 4, 95, 22, 0, 9, 15, 31, 2, 64, 11, 80, 5, 27)
options(warn = -1)  # the package says that units of size 0 are there
probs <- inclusionprobabilities(sizes, 7)
open <- probs[probs > 0 & probs < 1]
# UPsystematic takes its start from runif: the same seed gives the start that it used.
seeds <- c(11, 12, 13, 14)
starts <- sapply(seeds, function(seed) { set.seed(seed); runif(1) })
drawn <- t(sapply(seeds, function(seed) { set.seed(seed); which(UPsystematic(open) == 1) - 1 }))
sampford <- UPsampfordpi2(open)
values <- c(3.1, 0.4, 7.7, 2.2, 9.6)
own <- c(0.15, 0.35, 0.22, 0.6, 0.81)
pair <- UPsampfordpi2(c(0.3, 0.45, 0.7, 0.25, 0.3))
large <- inclusionprobabilities((1:40)^1.5 + 10, 15)
two <- inclusionprobabilities(c(5, 1, 8, 3, 3, 9, 2), 2)
cat("{", paste(
  field("sizes", num(sizes)), field("probs", num(probs)), field("open", num(open)),
  field("starts", num(starts)), field("systematic", rows(drawn)),
  field("joint_sampford", rows(sampford)), field("joint_systematic", rows(UPsystematicpi2(open))),
  field("large", num(large)), field("joint_large", rows(UPsampfordpi2(large))),
  field("two", num(two)), field("joint_two", rows(UPsampfordpi2(two))),
  field("pair", rows(pair)),
  field("variance_values", num(values)), field("variance_probs", num(own)),
  field("variance_deville", sprintf("%.15g", varest(values, pik = own))),
  sep = ", "
), "}\n")
