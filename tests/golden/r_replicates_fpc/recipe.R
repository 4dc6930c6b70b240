# Rscript recipe.R
# Replicate designs with a correction: the stratified jackknife made here, bootstrap counts brought
# along with the correction in their scales, Fay's weights by hand; domains, ratios, adjustments.
suppressPackageStartupMessages(library(survey))
options(survey.lonely.psu = "remove")
rows <- read.csv("../r_stages_domains/input.csv")
rows <- rows[rows$stratum < 4, ]
rows$kind <- factor(rows$kind)
rows$w <- ave(rows$village, rows$stratum, FUN = function(v) length(unique(v)))
rows$w <- rows$N1 / rows$w * rows$M / ave(rows$village, rows$village, FUN = length)
first <- svydesign(id = ~village, strata = ~stratum, fpc = ~N1, weights = ~w, data = rows)
num <- function(x) {
  text <- paste0(sprintf("%.15g", as.vector(x)), collapse = ", ")
  if (length(x) > 1) paste0("[", text, "]") else text
}
field <- function(name, x) paste0("\"", name, "\": ", num(x))
both <- function(x) c(coef(x), SE(x))
all_of <- function(design) {
  by <- svyby(~income, ~kind, design, svymean)
  c(
    both(svytotal(~poor, design)), both(svymean(~income, design)),
    both(svyratio(~income, ~persons, design)), coef(by), SE(by)
  )
}
jackknife <- as.svrepdesign(first, type = "JKn", mse = FALSE)
about <- as.svrepdesign(first, type = "JKn", mse = TRUE)
counts <- as.matrix(rows[paste0("b", 1:12)])
brought <- function(mse, rscales = rep(1, 12)) {
  svrepdesign(
    data = rows, weights = ~w, repweights = counts, type = "other", scale = 1 / 11,
    rscales = rscales, combined.weights = FALSE, mse = mse
  )
}
corrected <- brought(TRUE, rep(c(0.7, 0.8, 0.9), 4))
two <- rows[rows$village %in% c(101, 102, 105, 106, 110, 111), ]
signs <- rbind(c(1, 1, 1), c(1, -1, -1), c(-1, 1, -1), c(-1, -1, 1))
fay <- sapply(1:4, function(r) {
  1 + 0.7 * signs[r, two$stratum] * ifelse(two$village %in% c(101, 105, 110), 1, -1)
})
fays <- svrepdesign(
  data = two, weights = ~w, repweights = fay, type = "Fay", rho = 0.3, combined.weights = FALSE
)
kinds <- data.frame(kind = c("a", "b", "c"), Freq = c(2400, 1900, 1700))
post <- postStratify(jackknife, ~kind, kinds)
part <- subset(jackknife, sex == "f")
shares <- function(method) as.vector(attr(svyciprop(~poor, jackknife, method = method), "ci"))
cat("{", paste(c(
  field("jackknife", all_of(jackknife)),
  field("jackknife_mse", all_of(about)),
  field("bootstrap", all_of(brought(FALSE))),
  field("bootstrap_mse", all_of(brought(TRUE))),
  field("bootstrap_corrected", all_of(corrected)),
  field("fay", all_of(fays)),
  field("poststratified", all_of(post)),
  field("part", all_of(part)),
  field("vcov", vcov(svymean(~income + land + poor, jackknife))),
  field("beta", shares("beta"))
), collapse = ", "), "}\n")
