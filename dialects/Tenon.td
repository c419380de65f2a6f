//===- Tenon.td - the tenon dialect: formulas as index notation --------------===//
//
// Owns the operations in which a formula is written between the front end (or MLIR input) and the schedule. A pack
// `...s` is one flat dimension here. Scalar bodies are arith and math, whose operations are total in a formula: integer
// division by zero gives 0, `%` by zero the dividend, over-wide shifts 0 or the sign, float to integer saturates; legalize makes
// that true on every device.
//
//===------------------------------------------------------------------------===//

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def TenonDialect : Dialect {
  let name = "tenon";
  let cppNamespace = "::tenon::formula";
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect"];
}

class TenonOp<string mnemonic, list<Trait> traits = []> : Op<TenonDialect, mnemonic, traits>;

def ReduceKind : I32EnumAttr<"ReduceKind", "what a reduction does",
    [I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Prod", 1, "prod">, I32EnumAttrCase<"Max", 2, "max">,
     I32EnumAttrCase<"Min", 3, "min">, I32EnumAttrCase<"Any", 4, "any">, I32EnumAttrCase<"All", 5, "all">,
     I32EnumAttrCase<"Argmax", 6, "argmax">, I32EnumAttrCase<"Argmin", 7, "argmin">]> {
  let cppNamespace = "::tenon::formula";
}

def OperatorOp : TenonOp<"operator", [IsolatedFromAbove, Symbol, SingleBlock]> {
  let summary = "an operator for one combination of types";
  let description = [{
    The block's arguments are the symbols (index: named sizes, size parameters, products of packs), then the inputs that
    are tensors or scalars, in order. `symbols` and `params` describe the signature; a dimension of `params` is `bind`
    or `pack` with a symbol's number, or `expr` with the number of an operand of the block's `tenon.dims`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, ArrayAttr:$types, ArrayAttr:$type_variables, ArrayAttr:$symbols,
                       ArrayAttr:$params, OptionalAttr<StrAttr>:$doc, OptionalAttr<StrAttr>:$file);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def DimsOp : TenonOp<"dims", [Pure]> {
  let summary = "the sizes that parameters' dimensions must equal, as expressions over symbols";
  let arguments = (ins Variadic<Index>:$sizes);
  let assemblyFormat = "$sizes attr-dict";
}

def CheckOp : TenonOp<"check"> {
  let summary = "a condition that must hold at launch; {0}, {1}, ... in the message stand for the values";
  let arguments = (ins I1:$condition, StrAttr:$message, Variadic<Index>:$values);
  let assemblyFormat = "$condition `,` $message (`(` $values^ `)`)? attr-dict";
}

def DefineOp : TenonOp<"define", [SingleBlock]> {
  let summary = "defines every element of a tensor; the block's arguments are its indices";
  let arguments = (ins StrAttr:$name, Variadic<Index>:$extents, StrArrayAttr:$indices);
  let results = (outs AnyRankedTensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name $indices `over` `(` $extents `)` `:` type($result) $body attr-dict";
  let hasVerifier = 1;
}

def ReadOp : TenonOp<"read", [Pure, AttrSizedOperandSegments]> {
  let summary = "one element of a tensor";
  let description = [{
    Performed only where `guard` is true; elsewhere the value is `otherwise`, or zero. With `checked`, a subscript that is
    outside gives `otherwise` too; with `fault`, it is reported with that message when the kernel runs. With neither,
    every subscript has been shown to be inside, or is by a `tenon.check`.
  }];
  let arguments = (ins AnyRankedTensor:$tensor, Variadic<Index>:$subscripts, Optional<I1>:$guard,
                       Optional<AnyType>:$otherwise, UnitAttr:$checked, OptionalAttr<StrAttr>:$fault);
  let results = (outs AnyType:$result);
  let assemblyFormat = [{
    $tensor `[` $subscripts `]` (`if` $guard^)? (`checked` $checked^)? (`else` $otherwise^ `:` type($otherwise))?
    attr-dict `:` type($tensor) `->` type($result)
  }];
  let hasVerifier = 1;
}

def ReduceOp : TenonOp<"reduce", [SingleBlock, AttrSizedOperandSegments, Pure]> {
  let summary = "reduces a value over a box of indices; the block yields the value and, with a filter, whether it counts";
  let arguments = (ins ReduceKind:$kind, Variadic<Index>:$lower, Variadic<Index>:$upper, StrArrayAttr:$indices,
                       UnitAttr:$is_unsigned);
  let results = (outs AnyType:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$kind $indices `from` `(` $lower `)` `to` `(` $upper `)` `:` type($result) $body attr-dict";
  let hasVerifier = 1;
}

def YieldOp : TenonOp<"yield", [Pure, Terminator]> {
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def ReturnOp : TenonOp<"return", [Pure, Terminator]> {
  let summary = "the results, in declared order";
  let arguments = (ins Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = "$results `:` type($results) attr-dict";
}
